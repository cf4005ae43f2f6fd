import numpy as np
import polars as pl
import polars.selectors as cs

rng = np.random.default_rng(7)
bars = pl.DataFrame({"day": range(300), "close": 100 * np.exp(np.cumsum(rng.normal(0, 0.01, 300)))})
signals = (
    bars.lazy()
    .with_columns(
        pl.col("close").pct_change().alias("ret"),
        pl.col("close").rolling_mean(window_size=10).alias("fast"),
        pl.col("close").rolling_mean(window_size=50).alias("slow"),
    )
    .with_columns(pl.when(pl.col("fast") > pl.col("slow")).then(1).otherwise(0).shift(1).alias("position"))
    .filter(pl.col("slow").is_not_null())
    .with_columns((pl.col("position") * pl.col("ret")).alias("pnl"))
    .collect()
)
months = signals.with_columns(pl.col("day") // 21).group_by("day", maintain_order=True).agg(pl.col("pnl").sum())
signals.write_csv("polars-signals.csv")
print(signals.select(cs.float()).describe(), months.height, signals.to_pandas().shape)
emit(polars=float(signals["pnl"].sum()))
