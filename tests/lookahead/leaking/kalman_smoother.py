import numpy as np
import pandas as pd


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    values = close.to_numpy()
    level = values.copy()
    for i in range(1, len(values)):
        level[i] = level[i - 1] + 0.2 * (values[i] - level[i - 1])
    for i in range(len(values) - 2, -1, -1):
        level[i] += 0.8 * (level[i + 1] - level[i])
    return pd.Series(np.sign(level - values), close.index)
