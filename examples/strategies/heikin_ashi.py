# Heikin-Ashi candles: buy after N green candles in a row, sell after N red ones.
import numpy as np

df = data["nasdaq"]
streak_needed = params.get("streak", 3)
no_wick = params.get("no_wick", False)
cost_bps = params.get("cost_bps", 5)

o, h, l, c = (df[name].to_numpy() for name in ("Open", "High", "Low", "Close"))
ha_close = (o + h + l + c) / 4
ha_open = np.empty_like(ha_close)
ha_open[0] = (o[0] + c[0]) / 2
for i in range(1, len(df)):
    ha_open[i] = (ha_open[i - 1] + ha_close[i - 1]) / 2
ha_low = np.minimum(l, np.minimum(ha_open, ha_close))

green = ha_close > ha_open
strong = green & (ha_low >= ha_open * 0.9995) if no_wick else green

position = np.zeros(len(df))
greens = reds = 0
for i in range(len(df)):
    greens = greens + 1 if strong[i] else 0
    reds = reds + 1 if not green[i] else 0
    position[i] = position[i - 1] if i else 0.0
    if greens >= streak_needed:
        position[i] = 1.0
    elif reds >= streak_needed:
        position[i] = 0.0

daily = np.zeros(len(df))
daily[1:] = c[1:] / c[:-1] - 1  # real closes, not Heikin-Ashi ones
changes = np.abs(np.diff(position, prepend=0.0))
net = np.concatenate([[0.0], position[:-1]]) * daily - changes * cost_bps / 1e4
equity = np.cumprod(1 + net)
sharpe = float(net.mean() / net.std() * np.sqrt(252)) if net.std() > 0 else 0.0

print(f"Heikin-Ashi, {streak_needed} candles: {int(changes.sum())} trades, {green.mean():.0%} green")
print(f"Sharpe {sharpe:.2f}")
emit(
    total_return=float(equity[-1] - 1),
    annual_return=float(equity[-1] ** (252 / len(net)) - 1),
    sharpe=sharpe,
    max_drawdown=float((equity / np.maximum.accumulate(equity) - 1).min()),
    trades=int(changes.sum()),
)
