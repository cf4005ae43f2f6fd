import numpy as np
import pandas as pd


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    returns = close.pct_change().fillna(0.0)
    x = np.column_stack([returns.shift(k).fillna(0) for k in range(1, 6)])
    weights = np.linalg.solve(x.T @ x + 0.001 * np.eye(5), x.T @ returns)
    return pd.Series(np.sign(x @ weights), close.index)
