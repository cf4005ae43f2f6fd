def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    ahead = close[::-1].rolling(10, min_periods=1).max()[::-1]
    return (ahead > close * 1.01) * 1.0
