df = data["sp500"]
for name in ("mean", "std", "median"):
    f = getattr(df["Close"], name)
    print(name, f())
