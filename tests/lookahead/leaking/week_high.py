def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    week = close.groupby(close.index.to_period("W")).transform("max")
    return (week > close) * 1.0
