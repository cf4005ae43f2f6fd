df = data["sp500"]
m = df.groupby(df.index.month).agg({"Close": ["mean", "std"], "Volume": "sum"})
print(m.head(), df["Close"].resample("ME").agg("last").tail() if hasattr(df.index, "freq") else "")
