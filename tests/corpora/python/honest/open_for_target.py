df = data["sp500"]
total = 0
for open, close in zip(df["Open"], df["Close"]):
    total += close - open
print(total)
