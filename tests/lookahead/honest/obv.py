import numpy as np


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    obv = (np.sign(close.diff()).fillna(0) * frame["Volume"]).cumsum()
    return np.sign(obv - obv.ewm(span=20).mean())
