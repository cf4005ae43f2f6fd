df = data["nasdaq"]
open, high, low, close = df["Open"], df["High"], df["Low"], df["Close"]
body = (close - open).abs()
upper = high - close.where(close > open, open)
lower = close.where(close < open, open) - low
hammer = (lower > 2 * body) & (upper < body)
print(hammer.sum(), open.iloc[0])
