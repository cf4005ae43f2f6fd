def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    low = close.rolling(21, center=True, min_periods=1).min()
    return (close == low) * 1.0
