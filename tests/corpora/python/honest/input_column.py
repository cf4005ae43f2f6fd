df = data["sp500"].copy()
df["input"] = df["Close"].shift(1)
input = df["input"].dropna()
print(input.mean(), df.Open.mean() if hasattr(df, "Open") else df.open.mean())
