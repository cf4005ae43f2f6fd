import numpy as np


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    one = close.ewm(span=20, adjust=False).mean()
    two = one.ewm(span=20, adjust=False).mean()
    return np.sign(close - (2 * one - two))
