def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    z = (close - close.rolling(30).mean()) / close.rolling(30).std()
    return (-z / 2).clip(-1, 1).fillna(0.0)
