from functools import reduce
df = data["sp500"]
conditions = []
conditions.append(df["Close"] > df["Open"])
conditions.append(df["High"] > df["Low"])
if params.get("volume", True):
    conditions.append(df["Volume"] > 0)
df.loc[reduce(lambda x, y: x & y, conditions), "enter"] = 1
print(int(df["enter"].fillna(0).sum()))
