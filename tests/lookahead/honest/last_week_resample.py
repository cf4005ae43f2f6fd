import numpy as np
import pandas as pd


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    weekly = close.resample("W-FRI").last()
    weekly.index = weekly.index + pd.Timedelta(days=1)
    return np.sign(close - weekly.reindex(close.index, method="ffill")).fillna(0.0)
