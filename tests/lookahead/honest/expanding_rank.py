def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    return (1 - 2 * close.expanding(30).rank(pct=True)).fillna(0.0)
