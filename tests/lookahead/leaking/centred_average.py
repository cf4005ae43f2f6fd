import numpy as np


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    smooth = close.rolling(11, center=True).mean()
    return np.sign(smooth.diff()).fillna(0.0)
