def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    returns = close.pct_change().fillna(0.0)
    done = returns.abs().cumsum() / returns.abs().sum()
    return (done < 0.5) * 1.0 - (done >= 0.5) * 1.0
