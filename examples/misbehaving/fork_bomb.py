"""Parallel parameter search: one process for every parameter combination."""

import itertools
import os

close = data["sp500"]["Close"].to_numpy()


def evaluate(fast, slow):
    total = 1.0
    for t in range(slow, len(close)):
        if close[t - fast : t].mean() > close[t - slow : t].mean():
            total *= close[t] / close[t - 1]
    return total


children = []
for fast, slow in itertools.product(range(5, 50), range(50, 250)):
    pid = os.fork()
    children.append(pid)
    result = evaluate(fast, slow)
    if pid == 0:
        print(fast, slow, result)

for pid in children:
    os.waitpid(pid, 0)
