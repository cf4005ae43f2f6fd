import numpy as np
import pandas as pd


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    returns = close.pct_change().fillna(0.0)
    if len(close) < 110:
        return close * 0
    x = np.column_stack([returns.shift(1).fillna(0), returns.shift(2).fillna(0)])
    weights = np.linalg.lstsq(x[:100], returns[:100], rcond=None)[0]
    out = np.sign(x @ weights)
    out[:100] = 0
    return pd.Series(out, close.index)
