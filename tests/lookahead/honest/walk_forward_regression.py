import numpy as np
import pandas as pd


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    returns = close.pct_change().fillna(0.0)
    values, out, weights = returns.to_numpy(), np.zeros(len(returns)), None
    for i in range(60, len(values)):
        if i % 20 == 0:
            x = np.column_stack([values[1 : i - 1], values[: i - 2]])
            weights = np.linalg.lstsq(x, values[2:i], rcond=None)[0]
        out[i] = np.sign(values[i] * weights[0] + values[i - 1] * weights[1])
    return pd.Series(out, close.index)
