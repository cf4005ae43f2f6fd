import numpy as np
import pandas as pd


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    values, out = close.to_numpy(), np.zeros(len(close))
    for i in range(2, len(values)):
        out[i] = 0.5 * out[i - 1] - 0.2 * out[i - 2] + (values[i] - values[i - 1]) / values[i]
    return pd.Series(np.clip(out * 20, -1, 1), close.index)
