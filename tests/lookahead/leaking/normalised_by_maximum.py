def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    return (close / close.max()).round(2) - 0.5
