# Day-of-week effect, learned walk-forward: hold a weekday only if its trailing
# average return has been clearly positive.
import numpy as np
from collections import defaultdict, deque

lookback = params.get("lookback", 156)  # observations of each weekday
min_t = params.get("min_t", 0.5)
cost_bps = params.get("cost_bps", 5)

df = data["sp500"]
close = df["Close"].to_numpy()
weekdays = df.index.day_of_week.to_numpy()
history = defaultdict(lambda: deque(maxlen=lookback))


def favourable(day):
    sample = np.array(history[day])
    if len(sample) < lookback // 2:
        return False
    error = sample.std(ddof=1) / np.sqrt(len(sample))
    return error > 0 and sample.mean() / error > min_t


position = np.zeros(len(close))
net = np.zeros(len(close))
for t in range(1, len(close)):
    ret = close[t] / close[t - 1] - 1
    history[weekdays[t]].append(ret)
    next_day = (weekdays[t] + 1) % 5  # holidays aside
    position[t] = 1.0 if favourable(next_day) else 0.0
    net[t] = position[t - 1] * ret - abs(position[t] - position[t - 1]) * cost_bps / 1e4

equity = np.cumprod(1 + net)
names = ["Mon", "Tue", "Wed", "Thu", "Fri"]
sharpe = float(net.mean() / net.std(ddof=1) * np.sqrt(252)) if net.std() > 0 else 0.0
print("Favourable weekdays now:", [names[d] for d in range(5) if favourable(d)] or "none")
print(f"Sharpe {sharpe:.2f}, total return {equity[-1] - 1:.1%}")
emit(
    total_return=float(equity[-1] - 1),
    annual_return=float(equity[-1] ** (252 / len(net)) - 1),
    sharpe=sharpe,
    max_drawdown=float((equity / np.maximum.accumulate(equity) - 1).min()),
    trades=int(np.abs(np.diff(position)).sum()),
)
