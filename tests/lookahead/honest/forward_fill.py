import numpy as np


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    sparse = close.where(np.arange(len(close)) % 7 == 0)
    return np.sign(close - sparse.ffill()).fillna(0.0)
