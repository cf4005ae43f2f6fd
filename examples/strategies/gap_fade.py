import numpy as np
import pandas as pd

# Fade opening gaps that are still open at the close: a gap down that was not filled is bought
# at the close and held for a few days (and the other way round when shorts are allowed).
df = data["nasdaq"]
min_gap = params.get("min_gap", 0.005)
hold_days = params.get("hold_days", 3)
allow_short = params.get("allow_short", False)
cost_bps = params.get("cost_bps", 5)

previous_close = df["Close"].shift(1)
gap = df["Open"] / previous_close - 1
unfilled_down = (gap < -min_gap) & (df["High"] < previous_close)
unfilled_up = (gap > min_gap) & (df["Low"] > previous_close)

position = []
target, days_left = 0.0, 0
for down, up in zip(unfilled_down, unfilled_up):
    if down:
        target, days_left = 1.0, hold_days
    elif up and allow_short:
        target, days_left = -1.0, hold_days
    elif days_left > 0:
        days_left -= 1
        if days_left == 0:
            target = 0.0
    position.append(target)
position = pd.Series(position, index=df.index)

turnover = position.diff().abs().fillna(0.0)
net = position.shift(1).fillna(0.0) * df["Close"].pct_change().fillna(0.0) - turnover * cost_bps / 10_000
equity = (1 + net).cumprod()
sharpe = float(net.mean() / net.std() * np.sqrt(252)) if net.std() > 0 else 0.0
print(f"{int(unfilled_down.sum())} unfilled gaps down and {int(unfilled_up.sum())} up beyond {min_gap:.1%}")
print(f"Sharpe {sharpe:.2f}, exposure {position.abs().mean():.0%}")
emit(
    total_return=float(equity.iloc[-1] - 1),
    annual_return=float(equity.iloc[-1] ** (252 / len(net)) - 1),
    sharpe=sharpe,
    max_drawdown=float((equity / equity.cummax() - 1).min()),
    trades=int((turnover > 0).sum()),
)
