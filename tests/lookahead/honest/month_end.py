import pandas as pd


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    return pd.Series((close.index.day >= 25) * 1.0, close.index)
