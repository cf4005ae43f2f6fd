import numpy as np


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    return np.sign(close.shift(-5) / close - 1)
