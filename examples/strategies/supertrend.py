import numpy as np
import pandas as pd

period = params.get("period", 10)
multiplier = params.get("multiplier", 3.0)
cost_bps = params.get("cost_bps", 5)
short_allowed = params.get("short_allowed", False)

df = data["nasdaq"].copy()
hl2 = (df["High"] + df["Low"]) / 2
tr = pd.concat(
    [
        df["High"] - df["Low"],
        (df["High"] - df["Close"].shift()).abs(),
        (df["Low"] - df["Close"].shift()).abs(),
    ],
    axis=1,
).max(axis=1)
atr = tr.ewm(alpha=1 / period, adjust=False).mean()

upper_basic = (hl2 + multiplier * atr).to_numpy()
lower_basic = (hl2 - multiplier * atr).to_numpy()
close = df["Close"].to_numpy()
upper = upper_basic.copy()
lower = lower_basic.copy()
trend = np.ones(len(df))

for i in range(1, len(df)):
    # the bands only ever tighten while the price stays on their side
    if close[i - 1] <= upper[i - 1]:
        upper[i] = min(upper_basic[i], upper[i - 1])
    if close[i - 1] >= lower[i - 1]:
        lower[i] = max(lower_basic[i], lower[i - 1])
    if trend[i - 1] == 1:
        trend[i] = -1 if close[i] < lower[i] else 1
    else:
        trend[i] = 1 if close[i] > upper[i] else -1

df["position"] = trend if short_allowed else np.clip(trend, 0, 1)
df["turnover"] = df["position"].diff().abs().fillna(0)
df["net"] = df["position"].shift(1).fillna(0) * df["Close"].pct_change().fillna(0) - df["turnover"] * cost_bps / 1e4
df["equity"] = (1 + df["net"]).cumprod()

sharpe = df["net"].mean() / df["net"].std() * np.sqrt(252) if df["net"].std() > 0 else 0.0
print(f"SuperTrend({period}, {multiplier}) flipped {int((np.diff(trend) != 0).sum())} times")
print(f"Sharpe {sharpe:.2f}; current trend: {'up' if trend[-1] > 0 else 'down'}")
emit(
    total_return=float(df["equity"].iloc[-1] - 1),
    annual_return=float(df["equity"].iloc[-1] ** (252 / len(df)) - 1),
    sharpe=float(sharpe),
    max_drawdown=float((df["equity"] / df["equity"].cummax() - 1).min()),
    trades=int((df["turnover"] > 0).sum()),
)
