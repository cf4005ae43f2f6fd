import numpy as np


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    returns = close.pct_change().fillna(0.0)
    limit = 2 * returns.std()
    return np.sign(returns.where(returns.abs() < limit, 0.0))
