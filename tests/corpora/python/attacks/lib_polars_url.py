import polars as pl
print(pl.read_csv("https://example.com/prices.csv"))
