def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    if len(close) < 120:
        return close * 0
    base = close.iloc[:120]
    out = (-(close - base.mean()) / base.std()).clip(-1, 1)
    out.iloc[:120] = 0
    return out
