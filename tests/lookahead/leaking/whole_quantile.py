def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    return (close < close.quantile(0.3)) * 1.0 - (close > close.quantile(0.7)) * 1.0
