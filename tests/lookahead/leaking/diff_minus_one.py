import numpy as np


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    return -np.sign(close.diff(-1)).fillna(0.0)
