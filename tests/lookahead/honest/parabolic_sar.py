import pandas as pd


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    values, out, side, point, step = close.to_numpy(), [], 1, close.iloc[0] * 0.95, 0.02
    best = values[0]
    for value in values:
        point += step * (best - point)
        best = max(best, value) if side > 0 else min(best, value)
        if side * (value - point) < 0:
            side, point, best = -side, best, value
        out.append(float(side))
    return pd.Series(out, close.index)
