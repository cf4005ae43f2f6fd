def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    z = (close - close.mean()) / close.std()
    return (-z).clip(-1, 1)
