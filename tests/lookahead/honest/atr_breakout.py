import pandas as pd


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    high, low = frame["High"], frame["Low"]
    true = pd.concat([high - low, (high - close.shift()).abs(), (low - close.shift()).abs()], axis=1).max(axis=1)
    atr = true.ewm(alpha=1 / 14, adjust=False).mean()
    return ((close - close.shift(10)) / (10 * atr)).clip(-1, 1).fillna(0.0)
