import numpy as np
import pandas as pd


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    returns = close.pct_change().fillna(0.0)
    out = np.zeros(len(close))
    for start in range(100, len(close), 50):
        past = close.iloc[:start]
        best = max((5, 10, 20, 40), key=lambda n: (np.sign(past.diff(n)).shift(1) * past.pct_change()).sum())
        out[start : start + 50] = np.sign(close.diff(best)).iloc[start : start + 50]
    return pd.Series(out, close.index)
