import numpy as np


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    returns = close.pct_change().fillna(0.0)
    side = np.sign(returns.autocorr(1))
    return (side * np.sign(returns)).fillna(0.0)
