def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    high = close.rolling(15, center=True, min_periods=1).max()
    return (close < high) * 1.0
