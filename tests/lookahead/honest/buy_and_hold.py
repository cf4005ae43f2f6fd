def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    return close * 0 + 1.0
