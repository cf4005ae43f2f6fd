import numpy as np
import pandas as pd


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    return pd.Series(np.where(close < close.iloc[-1], 1.0, -1.0), close.index)
