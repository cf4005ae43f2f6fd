import numpy as np


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    returns = close.pct_change().fillna(0.0)
    best = max(range(5, 60, 5), key=lambda n: (np.sign(close.diff(n)).shift(1) * returns).sum())
    return np.sign(close.diff(best)).fillna(0.0)
