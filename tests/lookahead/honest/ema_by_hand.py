import pandas as pd


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    values, out, level = close.to_numpy(), [], None
    for value in values:
        level = value if level is None else level + 0.1 * (value - level)
        out.append(1.0 if value > level else -1.0)
    return pd.Series(out, close.index)
