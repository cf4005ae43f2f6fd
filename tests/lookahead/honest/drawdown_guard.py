def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    peak = close.cummax()
    return ((close / peak - 1) > -0.1) * 1.0
