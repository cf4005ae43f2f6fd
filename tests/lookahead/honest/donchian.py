import numpy as np
import pandas as pd


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    raw = pd.Series(np.nan, close.index)
    raw[close > close.shift(1).rolling(20).max()] = 1.0
    raw[close < close.shift(1).rolling(20).min()] = -1.0
    return raw.ffill().fillna(0.0)
