import numpy as np
import pandas as pd


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    level, spread, out = close.iloc[0], 1.0, []
    for value in close:
        spread += 0.05
        gain = spread / (spread + 1.0)
        level += gain * (value - level)
        spread *= 1 - gain
        out.append(np.sign(value - level))
    return pd.Series(out, close.index)
