import numpy as np
import pandas as pd


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    sparse = close.iloc[::9].rename("before")
    joined = pd.merge_asof(close.to_frame("now"), sparse.to_frame(), left_index=True, right_index=True)
    return np.sign(joined["now"] - joined["before"]).fillna(0.0)
