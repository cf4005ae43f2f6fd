def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    returns = close.pct_change().fillna(0.0)
    up = (returns > 0).astype(int)
    runs = up.groupby((up != up.shift()).cumsum()).cumcount()
    return ((runs >= 2) * (1.0 - 2 * up)).fillna(0.0)
