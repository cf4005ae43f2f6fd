import pandas as pd


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    held, size, out, last = 0.0, 0.1, [], close.iloc[0]
    for value in close:
        size = min(1.0, size * 2) if value < last else 0.1
        out.append(size)
        last = value
    return pd.Series(out, close.index)
