import pandas as pd
df = data["sp500"]
rules = {"Open": "first", "High": "max", "Low": "min"}
rules["Close"] = "last"
if "Volume" in df.columns:
    rules["Volume"] = "sum"
weekly = df.resample("W").agg(rules)
stats = ["mean", "std"]
stats.append("max")
columns = [c for c in weekly.columns if c != "Volume"]
for name in stats:
    print(name, getattr(weekly["Close"], name)())
print(weekly[columns].agg(stats))
conditions = ["Close > Open"]
conditions.append("High > Low")
print(len(weekly.query(" and ".join(conditions))))
