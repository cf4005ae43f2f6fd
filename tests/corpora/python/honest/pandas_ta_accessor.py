import pandas as pd
import pandas_ta as ta
df = data["sp500"].copy()
df.ta.rsi(length=14, append=True)
df["ema"] = ta.ema(df["Close"], length=20)
print(df.columns.tolist())
