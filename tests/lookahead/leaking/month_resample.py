import numpy as np


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    monthly = close.groupby(close.index.to_period("M")).transform("last")
    return np.sign(monthly - close)
