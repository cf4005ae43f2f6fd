import numpy as np


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    vwap = (close * frame["Volume"]).rolling(20).sum() / frame["Volume"].rolling(20).sum()
    return np.sign(close - vwap).fillna(0.0)
