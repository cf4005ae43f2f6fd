def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    mean, deviation = close.expanding(20).mean(), close.expanding(20).std()
    return (-(close - mean) / deviation).clip(-1, 1).fillna(0.0)
