import numpy as np


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    return np.sign(close.rolling(10).mean() - close.rolling(50).mean()).fillna(0.0)
