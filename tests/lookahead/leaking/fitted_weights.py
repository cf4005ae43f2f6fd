import numpy as np
import pandas as pd


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    returns = close.pct_change().fillna(0.0)
    x = np.column_stack([returns.shift(1).fillna(0), returns.shift(2).fillna(0), np.ones(len(returns))])
    weights = np.linalg.lstsq(x, returns.shift(-1).fillna(0), rcond=None)[0]
    return pd.Series(np.sign(x @ weights), close.index)
