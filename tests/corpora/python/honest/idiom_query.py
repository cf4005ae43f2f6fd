import pandas as pd
df = pd.DataFrame(data["prices"])
n = 3
print(df.query("close > open and volume > @n"), df.query("ticker.str.startswith('x')"), df.query("ticker.str.contains('AB', case=False)", engine="python"))
print(df.query("ticker in ['A', 'B'] and date.dt.year == 2020"), df.eval("ret = close / open - 1"), df.eval("x = close.rolling(3).mean()"), df.query("close.isna() or index >= '2020-01-01'"))
print(df.query(f"close > {n}"), pd.eval("df.close + df.open"), df.eval("(high - low).abs().max()"))
print(df.query("`adj close` > 3 and ticker == 'import'"), df.query("name.str.len() > 3"), df.query("date.between('2020','2021')"), df.eval("m = close.ewm(span=3).mean()"), df.query("ticker.str.lower().str.endswith('x')"))
for t in ("A", "B"):
    print(df.query(f"ticker == '{t}'"), df.query("ticker == @t"))
