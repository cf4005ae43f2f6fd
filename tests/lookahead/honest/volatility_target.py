def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    returns = close.pct_change().fillna(0.0)
    volatility = returns.rolling(30).std() * 252**0.5
    return (0.1 / volatility).clip(0, 1).fillna(0.0)
