import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
t = pa.Table.from_pandas(data["prices"])
mean = pc.mean(t["Close"]).as_py()
pq.write_table(t, "prices.parquet")
print(mean, t.schema, t.num_rows, pq.read_table("prices.parquet", columns=["Close"]).num_columns)
