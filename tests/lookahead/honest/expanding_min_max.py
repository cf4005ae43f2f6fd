def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    low, high = close.cummin(), close.cummax()
    return (1 - 2 * (close - low) / (high - low)).fillna(0.0)
