import numpy as np
import pandas as pd


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    return pd.Series(np.where((close.index.month == 12) & (close.index.day < 24), 1.0, 0.5), close.index)
