def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    ahead = (frame["High"] - frame["Low"]).shift(-1)
    return (ahead < ahead.rolling(20).mean()) * 1.0
