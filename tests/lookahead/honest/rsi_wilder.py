def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    move = close.diff()
    up = move.clip(lower=0).ewm(alpha=1 / 14, adjust=False).mean()
    down = (-move.clip(upper=0)).ewm(alpha=1 / 14, adjust=False).mean()
    rsi = 100 - 100 / (1 + up / down)
    return ((rsi < 30) * 1.0 - (rsi > 70) * 1.0).fillna(0.0)
