import numpy as np
import pandas as pd


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    return pd.Series(np.sign(np.roll(close, -1) - close), close.index)
