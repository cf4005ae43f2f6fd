df = data["prices"]
n = 5
up = df.query("close > open and volume > volume.mean()")
df2 = df.eval("rng = high - low\nmid = (high + low) / 2")
sel = df.query("close > @n")
print(len(up), df2["mid"].mean(), len(sel), df.query("`close` > 1")["close"].max())
