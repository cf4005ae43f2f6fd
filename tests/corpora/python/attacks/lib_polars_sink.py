import polars as pl
pl.LazyFrame({"a": [1]}).sink_csv("/tmp/a.csv")
