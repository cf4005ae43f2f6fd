import numpy as np


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    first = close.groupby(close.index.year).transform("first")
    return np.sign(close / first - 1)
