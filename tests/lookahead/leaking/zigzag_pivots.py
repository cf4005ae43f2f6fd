import numpy as np
import pandas as pd


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    values = close.to_numpy()
    out = np.zeros(len(values))
    pivot, side = 0, 1
    for i in range(1, len(values)):
        if side * (values[i] - values[pivot]) > 0:
            pivot = i
        elif side * (values[pivot] - values[i]) > 0.04 * values[pivot]:
            out[pivot:i] = -side
            side, pivot = -side, i
    return pd.Series(out, close.index)
