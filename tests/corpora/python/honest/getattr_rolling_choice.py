KINDS = {"sma": "mean", "max": "max", "min": "min"}
def roll(s, n, kind="sma"):
    return getattr(s.rolling(n), KINDS[kind])()
print(roll(data["sp500"]["Close"], 10, "max").iloc[-1])
