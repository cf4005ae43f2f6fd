frames = {name: data[name] for name in data}
summary = {}
for name, df in frames.items():
    r = df["Close"].pct_change()
    summary[name] = {"mean": r.mean(), "vol": r.std(), "n": len(r)}
for name, row in sorted(summary.items(), key=lambda kv: -kv[1]["mean"]):
    print(f"{name:<10}{row['mean']:>10.5f}{row['vol']:>10.5f}")
