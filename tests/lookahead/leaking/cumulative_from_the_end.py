import numpy as np


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    returns = close.pct_change().fillna(0.0)
    left = returns[::-1].cumsum()[::-1]
    return np.sign(left)
