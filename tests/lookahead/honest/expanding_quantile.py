def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    return (close < close.expanding(30).quantile(0.3)) * 1.0
