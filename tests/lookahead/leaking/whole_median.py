def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    return (close < close.median()) * 1.0
