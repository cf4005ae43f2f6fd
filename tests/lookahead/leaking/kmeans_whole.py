import numpy as np
import pandas as pd


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    returns = close.pct_change().fillna(0.0)
    centres = np.quantile(returns, [0.2, 0.8])
    for _ in range(20):
        near = np.abs(returns.to_numpy()[:, None] - centres).argmin(axis=1)
        centres = np.array([returns[near == k].mean() for k in (0, 1)])
    return pd.Series(np.where(near == 1, 1.0, -1.0), close.index)
