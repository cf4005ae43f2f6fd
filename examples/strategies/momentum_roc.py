# Rate-of-change momentum with a dead zone around zero.
import numpy as np

lookback = params.get("lookback", 60)
threshold = params.get("threshold", 0.02)
cost_bps = params.get("cost_bps", 5)

prices = data["sp500"]["Close"].to_numpy()
n = len(prices)
position = np.zeros(n)
trades = 0

for t in range(lookback, n):
    roc = prices[t] / prices[t - lookback] - 1
    previous = position[t - 1]
    if roc > threshold:
        position[t] = 1
    elif roc < -threshold:
        position[t] = 0
    else:
        position[t] = previous  # stay as we are inside the dead zone
    if position[t] != previous:
        trades += 1

equity = [1.0]
daily = []
for t in range(1, n):
    r = position[t - 1] * (prices[t] / prices[t - 1] - 1)
    r -= abs(position[t] - position[t - 1]) * cost_bps / 10000
    daily.append(r)
    equity.append(equity[-1] * (1 + r))

daily = np.array(daily)
equity = np.array(equity)
max_drawdown = 0.0
peak = equity[0]
for value in equity:
    peak = max(peak, value)
    max_drawdown = min(max_drawdown, value / peak - 1)

sharpe = 0.0
if daily.std() > 0:
    sharpe = daily.mean() / daily.std() * np.sqrt(252)

print(f"ROC({lookback}) momentum, dead zone +/-{threshold:.0%}")
print(f"Return {equity[-1] - 1:.1%}, Sharpe {sharpe:.2f}, trades {trades}")
emit(
    total_return=float(equity[-1] - 1),
    annual_return=float(equity[-1] ** (252 / len(daily)) - 1),
    sharpe=float(sharpe),
    max_drawdown=float(max_drawdown),
    trades=trades,
)
