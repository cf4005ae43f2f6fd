def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    return ((close > close.rolling(50).quantile(0.8)) * 1.0)
