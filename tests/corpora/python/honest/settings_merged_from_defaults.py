import numpy as np
DEFAULTS = {"fast": 10, "slow": 30, "method": "mean", "columns": ["Open", "Close"]}
config = dict(DEFAULTS)
config.update({k: v for k, v in params.items() if k in DEFAULTS})
def smooth(series, n, how):
    return getattr(series.rolling(n), "mean")() if how == "mean" else series.ewm(span=n).mean()
df = data["sp500"]
names = config["columns"]
results = {}
for name in names:
    results[name] = smooth(df[name], config["fast"], config["method"])
summary = {key: float(value.iloc[-1]) for key, value in results.items()}
best = max(summary, key=summary.get)
print(best, summary[best], np.mean(list(summary.values())))
