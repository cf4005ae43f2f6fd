import numpy as np
import pandas as pd


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    returns = close.pct_change().fillna(0.0)
    cut = int(len(close) * 0.7)
    side = np.sign(returns.iloc[:cut].mean())
    out = pd.Series(0.0, close.index)
    out.iloc[cut:] = side
    return out
