# Two-period RSI pullback: buy short-term weakness inside a long-term uptrend,
# leave when the price closes above its 5-day average.
import numpy as np

df = data["nasdaq"].copy()
entry = params.get("entry", 10)
trend_window = params.get("trend_window", 200)
exit_window = params.get("exit_window", 5)
cost_bps = params.get("cost_bps", 5)

change = df["Close"].diff()
up = change.clip(lower=0).ewm(alpha=0.5, adjust=False).mean()
down = (-change).clip(lower=0).ewm(alpha=0.5, adjust=False).mean()
df["rsi2"] = 100 * up / (up + down)
df["trend"] = df["Close"].rolling(trend_window).mean()
df["exit_ma"] = df["Close"].rolling(exit_window).mean()

in_trade = False
position = []
entries = 0
for row in df.itertuples():
    if in_trade:
        if row.Close > row.exit_ma:
            in_trade = False
    elif row.rsi2 < entry and row.Close > row.trend:
        in_trade = True
        entries += 1
    position.append(1.0 if in_trade else 0.0)

df["position"] = position
df["ret"] = df["Close"].pct_change().fillna(0.0)
df["cost"] = df["position"].diff().abs().fillna(0.0) * cost_bps / 10_000
df["net"] = df["position"].shift(1).fillna(0.0) * df["ret"] - df["cost"]
df["equity"] = (1 + df["net"]).cumprod()

sd = df["net"].std()
sharpe = df["net"].mean() / sd * np.sqrt(252) if sd > 0 else 0.0
dd = (df["equity"] / df["equity"].cummax() - 1).min()
wins = (df.loc[df["position"].shift(1) == 1, "ret"] > 0).mean()

print(f"RSI(2) < {entry} above the {trend_window}-day average: {entries} round trips")
print(f"Up days while invested: {wins:.0%}, Sharpe {sharpe:.2f}")
emit(
    total_return=float(df["equity"].iloc[-1] - 1),
    annual_return=float(df["equity"].iloc[-1] ** (252 / len(df)) - 1),
    sharpe=float(sharpe),
    max_drawdown=float(dd),
    trades=int((df["position"].diff().abs() > 0).sum()),
)
