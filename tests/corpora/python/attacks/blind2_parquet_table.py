from pyarrow.parquet import read_table

print(read_table("/etc/passwd"))
