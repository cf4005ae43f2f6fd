"""Parabolic stop and reverse."""

import math


def parabolic_sar(high, low, step=0.02, maximum=0.2):
    """Returns +1/-1 for every bar: the side that the SAR is on at its close."""
    rising = True
    acceleration = step
    extreme = high[0]
    sar = low[0]
    sides = [1]
    for i in range(1, len(high)):
        sar = sar + acceleration * (extreme - sar)
        if rising:
            sar = min(sar, low[i - 1], low[max(i - 2, 0)])
            if low[i] < sar:  # reversal
                rising, sar, extreme, acceleration = False, extreme, low[i], step
            elif high[i] > extreme:
                extreme = high[i]
                acceleration = min(acceleration + step, maximum)
        else:
            sar = max(sar, high[i - 1], high[max(i - 2, 0)])
            if high[i] > sar:
                rising, sar, extreme, acceleration = True, extreme, high[i], step
            elif low[i] < extreme:
                extreme = low[i]
                acceleration = min(acceleration + step, maximum)
        sides.append(1 if rising else -1)
    return sides


bars = data["sp500"]
step = params.get("step", 0.02)
maximum = params.get("maximum", 0.2)
cost = params.get("cost_bps", 5) / 10_000
sides = parabolic_sar(bars["High"].tolist(), bars["Low"].tolist(), step, maximum)
positions = [max(s, 0) for s in sides]  # long or flat

closes = bars["Close"].tolist()
returns = [0.0]
trades = 0
for i in range(1, len(closes)):
    change = abs(positions[i] - positions[i - 1])
    trades += change
    returns.append(positions[i - 1] * (closes[i] / closes[i - 1] - 1) - change * cost)

equity, peak, max_dd = 1.0, 1.0, 0.0
for r in returns:
    equity *= 1 + r
    peak = max(peak, equity)
    max_dd = min(max_dd, equity / peak - 1)

mean = math.fsum(returns) / len(returns)
std = math.sqrt(math.fsum((r - mean) ** 2 for r in returns) / (len(returns) - 1))
sharpe = mean / std * math.sqrt(252) if std > 0 else 0.0
print(f"Parabolic SAR step={step} max={maximum}: {trades} trades, Sharpe {sharpe:.2f}")
emit(
    total_return=equity - 1,
    annual_return=equity ** (252 / len(returns)) - 1,
    sharpe=sharpe,
    max_drawdown=max_dd,
    trades=int(trades),
)
