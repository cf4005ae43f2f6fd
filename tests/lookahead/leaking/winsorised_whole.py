def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    returns = close.pct_change().fillna(0.0)
    low, high = returns.quantile([0.05, 0.95])
    return (returns.clip(low, high) / max(abs(low), high)).clip(-1, 1)
