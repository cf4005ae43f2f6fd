import numpy as np


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    returns = close.pct_change().fillna(0.0)
    grid = np.quantile(returns, [0.1, 0.3, 0.5, 0.7, 0.9])
    best = max(grid, key=lambda level: returns[returns.shift(1) < level].sum())
    return (returns < best) * 1.0
