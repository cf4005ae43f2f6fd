def candle(open, high, low, close):
    return {"body": abs(close - open), "range": high - low, "bull": close > open}

rows = data["sp500"].head(100)
out = [candle(o, h, l, c) for o, h, l, c in zip(rows["Open"], rows["High"], rows["Low"], rows["Close"])]
print(len(out))
