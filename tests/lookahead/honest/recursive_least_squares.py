import numpy as np
import pandas as pd


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    returns = close.pct_change().fillna(0.0)
    weights, spread, out = np.zeros(2), np.eye(2) * 100.0, [0.0, 0.0]
    values = returns.to_numpy()
    for i in range(2, len(values)):
        x = values[i - 2 : i]
        gain = spread @ x / (0.99 + x @ spread @ x)
        weights = weights + gain * (values[i] - x @ weights)
        spread = (spread - np.outer(gain, x @ spread)) / 0.99
        out.append(float(np.sign(values[i - 1 : i + 1] @ weights)))
    return pd.Series(out, close.index)
