def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    move = close.diff()
    up = move.clip(lower=0).rolling(14).mean()
    down = (-move.clip(upper=0)).rolling(14).mean()
    rsi = (100 * up / (up + down)).bfill()
    return (rsi < 45) * 1.0
