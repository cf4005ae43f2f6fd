import pandas as pd
df = data["sp500"]
if df.empty:
    print("no data")
    exit()
print(df.shape)
