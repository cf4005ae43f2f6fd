import numpy as np


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    return -np.sign(close.pct_change(3)).fillna(0.0)
