import matplotlib.pyplot as plt
import mplfinance as mpf
import numpy as np
import pandas as pd
import seaborn as sns

rng = np.random.default_rng(7)
days = pd.date_range("2022-01-03", periods=80, freq="B")
close = pd.Series(100 * np.exp(np.cumsum(rng.normal(0, 0.01, 80))), index=days)
bars = pd.DataFrame({"Open": close, "High": close * 1.01, "Low": close * 0.99, "Close": close, "Volume": 1000.0})
average = mpf.make_addplot(close.rolling(5).mean(), color="tab:orange")
mpf.plot(bars, type="candle", mav=(10, 20), volume=True, style="charles", addplot=average, savefig="candles.png")
mpf.plot(bars, type="line", style="yahoo", savefig=dict(fname="line.png", dpi=80))

sns.set_theme(style="darkgrid", palette="deep")
returns = bars["Close"].pct_change().dropna()
fig, axes = plt.subplots(1, 2, figsize=(8, 3))
sns.histplot(returns, kde=True, ax=axes[0])
sns.heatmap(bars.corr(), annot=True, cmap="coolwarm", ax=axes[1])
fig.savefig("returns.png")
plt.close(fig)
emit(charts=3)
