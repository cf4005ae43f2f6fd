import pandas as pd


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    returns = close.pct_change().fillna(0.0)
    variance, out = 1e-4, []
    for value in returns:
        out.append(min(1.0, 0.01 / variance**0.5))
        variance = 2e-6 + 0.08 * value**2 + 0.9 * variance
    return pd.Series(out, close.index)
