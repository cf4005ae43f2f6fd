import numpy as np


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    low, high = frame["Low"].rolling(14).min(), frame["High"].rolling(14).max()
    k = (close - low) / (high - low)
    d = k.rolling(3).mean()
    return np.sign(k - d).fillna(0.0)
