import pandas as pd
def load(name):
    return pd.read_csv(f"/data/{name}.csv", parse_dates=["Date"])
print(load("sp500").shape)
