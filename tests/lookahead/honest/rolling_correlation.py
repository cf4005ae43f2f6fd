def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    return close.pct_change().rolling(40).corr(frame["Volume"].pct_change()).clip(-1, 1).fillna(0.0)
