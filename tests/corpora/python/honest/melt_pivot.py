import pandas as pd
df = data["sp500"].reset_index()
long = pd.melt(df, id_vars=[df.columns[0]], value_vars=["Open", "Close"])
print(long.pivot_table(index="variable", values="value", aggfunc="mean"))
print(pd.crosstab(long["variable"], long["value"] > 1000))
