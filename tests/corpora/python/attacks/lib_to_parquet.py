data["a"].to_parquet("/tmp/x")
