import pandas as pd


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    values, out, held, stop = close.to_numpy(), [], 0.0, 0.0
    for i, value in enumerate(values):
        if held and value < stop:
            held = 0.0
        if not held and i >= 20 and value > values[i - 20 : i].max():
            held, stop = 1.0, value * 0.95
        stop = max(stop, value * 0.95) if held else stop
        out.append(held)
    return pd.Series(out, close.index)
