df = data["sp500"]
m = df["Close"].resample("M").last() if hasattr(df.index, "month") else df["Close"]
mom = m.pct_change(12).shift(1)
print(mom.tail(), m.index[-1])
