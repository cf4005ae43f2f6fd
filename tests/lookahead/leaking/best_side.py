import numpy as np


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    returns = close.pct_change().fillna(0.0)
    side = np.sign((np.sign(close.diff(10)).shift(1) * returns).sum())
    return (side * np.sign(close.diff(10))).fillna(0.0)
