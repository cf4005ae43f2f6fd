import pandas as pd
df = pd.DataFrame(data["prices"])
how = dict.fromkeys(["open", "close"], "last")
how |= {"volume": "sum"}
print(df.resample("W").agg(how))
spec = {}
for c in df.columns:
    spec[c] = "mean" if c != "volume" else "sum"
print(df.resample("W").agg(spec))
spec2 = {c: ["mean", "std"] for c in ["open", "close"]}
spec2.update(volume="sum")
print(df.groupby("ticker").agg(spec2))
base = {"open": "first"}
full = dict(base, close="last")
full2 = base | {"volume": "sum"}
full3 = dict(zip(["a", "b"], ["sum", "mean"]))
print(df.agg(full), df.agg(full2), df.agg(full3))
fs = ["mean"]
fs += ["std"]
fs.extend(["min", "max"])
fs = fs + ["median"]
print(df.agg(fs), df.agg([*fs, "sum"]))
def make(): 
    agg = {"close": "last"}
    agg["v"] = "sum"
    return agg
print(df.agg(make()))
OHLC = {"open": "first", "high": "max"}
OHLC.setdefault("low", "min")
def resample(frame, rule="W", agg=None):
    agg = agg or OHLC
    return frame.resample(rule).agg(agg)
print(resample(df), resample(df, agg={"close": "last"}))
class R:
    HOW = {"close": "last"}
    def __init__(self):
        self.how = {}
        self.how["close"] = "last"
    def go(self, d):
        return d.agg(self.how), d.agg(self.HOW)
print(R().go(df))
