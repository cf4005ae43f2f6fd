import numpy as np
import pandas as pd


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    values = close.to_numpy()
    out = np.zeros(len(values))
    for i in range(2, len(values) - 2):
        if values[i] == values[i - 2 : i + 3].min():
            out[i] = 1.0
        elif values[i] == values[i - 2 : i + 3].max():
            out[i] = -1.0
    return pd.Series(out, close.index)
