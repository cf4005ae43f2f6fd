import polars as pl
def helper(): pass
s = pl.DataFrame({"a": ["{0.__gl"]}).select(pl.col("a") + "obals__}")
print(s.item().format(helper))
