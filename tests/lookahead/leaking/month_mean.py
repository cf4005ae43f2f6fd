import numpy as np


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    monthly = close.groupby(close.index.to_period("M")).transform("mean")
    return np.sign(monthly - close)
