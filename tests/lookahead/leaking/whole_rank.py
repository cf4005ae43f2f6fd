def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    return 1 - 2 * close.rank(pct=True)
