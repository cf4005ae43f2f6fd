import pandas as pd
df = pd.read_csv("/data/sp500.csv", index_col=0, parse_dates=True)
print(df.shape)
