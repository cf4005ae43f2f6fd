import pandas as pd


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    returns = close.pct_change().fillna(0.0)
    best = returns.groupby(close.index.month).mean().nlargest(4).index
    return pd.Series(close.index.month.isin(best) * 1.0, close.index)
