INDICATORS = {
    "sma": lambda s, n: s.rolling(n).mean(),
    "ema": lambda s, n: s.ewm(span=n).mean(),
    "std": lambda s, n: s.rolling(n).std(),
}
for name, f in INDICATORS.items():
    print(name, f(data["sp500"]["Close"], 20).iloc[-1])
