"""Searches the moving-average window that reaches a target Sharpe ratio."""

import numpy as np

close = data["sp500"]["Close"].to_numpy()
returns = np.diff(close) / close[:-1]


def sharpe_for(window):
    average = np.convolve(close, np.ones(window) / window, mode="valid")
    position = (close[window - 1 :] > average).astype(float)
    net = position[:-1] * returns[window - 1 :]
    return net.mean() / net.std() * np.sqrt(252)


target = params.get("target_sharpe", 3.0)
window = params.get("start_window", 50)
step = 8
best = sharpe_for(window)

# keep refining until the target is reached
while best < target:
    for candidate in (window - step, window + step):
        if 5 < candidate < 400 and sharpe_for(candidate) > best:
            best, window = sharpe_for(candidate), candidate
    step = max(1, step // 2)

print(f"Window {window} reaches a Sharpe ratio of {best:.2f}")
emit(sharpe=float(best), window=window)
