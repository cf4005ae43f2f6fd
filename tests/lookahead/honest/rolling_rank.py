def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    return (2 * close.rolling(40).rank(pct=True) - 1).fillna(0.0)
