import numpy as np


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    fast = (close / close.rolling(30).mean() - 1).dropna()
    return np.sign(fast)
