import polars as pl
print(pl.DataFrame({"a": [1]}).sql("select * from read_csv('/etc/passwd')"))
