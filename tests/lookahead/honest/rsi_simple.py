def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    move = close.diff()
    up = move.clip(lower=0).rolling(14).mean()
    down = (-move.clip(upper=0)).rolling(14).mean()
    return ((up / (up + down) < 0.4) * 1.0).fillna(0.0)
