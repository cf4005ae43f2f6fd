import numpy as np
import pandas as pd


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    monthly = close.resample("ME").last().pct_change()
    monthly.index = monthly.index + pd.Timedelta(days=1)
    return np.sign(monthly.reindex(close.index, method="ffill")).fillna(0.0)
