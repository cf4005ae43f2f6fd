import numpy as np


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    line = close.ewm(span=12, adjust=False).mean() - close.ewm(span=26, adjust=False).mean()
    return np.sign(line - line.ewm(span=9, adjust=False).mean())
