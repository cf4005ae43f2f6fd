import numpy as np


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    average = close.rolling(40).mean().bfill()
    return np.sign(close - average)
