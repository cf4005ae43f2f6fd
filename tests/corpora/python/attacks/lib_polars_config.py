import polars as pl
pl.Config.load_from_file("/etc/hosts")
