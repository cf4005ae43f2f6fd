import polars as pl
pl.DataFrame({}).write_csv("/tmp/x")
