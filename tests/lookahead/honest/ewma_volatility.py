def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    returns = close.pct_change().fillna(0.0)
    volatility = returns.ewm(halflife=20).std()
    return (0.01 / volatility).clip(0, 1).fillna(0.0)
