import numpy as np
import pandas as pd


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    values = close.to_numpy()
    out = np.zeros(len(values))
    for i in range(len(values) - 1):
        out[i] = 1.0 if values[i + 1] > values[i] else -1.0
    return pd.Series(out, close.index)
