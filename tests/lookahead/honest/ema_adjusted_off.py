import numpy as np


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    return np.sign(close - close.ewm(span=50, adjust=False).mean())
