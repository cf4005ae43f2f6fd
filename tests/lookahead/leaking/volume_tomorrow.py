def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    return (frame["Volume"].shift(-1) > frame["Volume"]) * 1.0
