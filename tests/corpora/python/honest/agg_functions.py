import numpy as np
df = data["sp500"]
print(df[["Open", "Close"]].agg([np.mean, "std", lambda s: s.iloc[-1]]))
print(df["Close"].rolling(5).apply(lambda w: w[-1] / w[0], raw=True).tail())
