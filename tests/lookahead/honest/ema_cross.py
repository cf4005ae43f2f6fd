import numpy as np


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    return np.sign(close.ewm(span=12).mean() - close.ewm(span=26).mean())
