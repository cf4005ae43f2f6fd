import numpy as np


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    x = np.arange(20) - 9.5
    slope = close.rolling(20).apply(lambda y: (x * y).sum(), raw=True)
    return np.sign(slope).fillna(0.0)
