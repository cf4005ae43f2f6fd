import numpy as np
import pandas as pd


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    values, level, out = close.to_numpy(), close.iloc[0], []
    for i, value in enumerate(values):
        if i >= 10:
            noise = np.abs(np.diff(values[i - 10 : i + 1])).sum()
            ratio = abs(value - values[i - 10]) / noise if noise else 0.0
            level += (ratio * 0.6 + 0.06) ** 2 * (value - level)
        out.append(np.sign(value - level))
    return pd.Series(out, close.index)
