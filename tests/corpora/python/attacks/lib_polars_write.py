import polars as pl
pl.DataFrame({"a": [1]}).write_parquet("/dev/shm/a.parquet")
