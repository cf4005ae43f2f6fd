def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    returns = close.pct_change().fillna(0.0)
    target = returns.std()
    rolling = returns.rolling(20).std()
    return ((rolling < target) * 1.0).fillna(0.0)
