import numpy as np


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    returns = close.pct_change().fillna(0.0)
    ratio = returns.rolling(60).std() * 5**0.5 / close.pct_change(5).rolling(60).std()
    return (np.sign(1 - ratio) * np.sign(close.diff(5))).fillna(0.0)
