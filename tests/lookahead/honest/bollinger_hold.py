import numpy as np
import pandas as pd


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    mean, deviation = close.rolling(20).mean(), close.rolling(20).std()
    raw = pd.Series(np.nan, close.index)
    raw[close < mean - 2 * deviation] = 1.0
    raw[close > mean + 2 * deviation] = -1.0
    return raw.ffill().fillna(0.0)
