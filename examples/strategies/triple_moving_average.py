"""Triple moving average system.

Long when short > medium > long, short when short < medium < long, otherwise flat.
"""

import numpy as np

short_window = params.get("short", 10)
medium_window = params.get("medium", 30)
long_window = params.get("long", 90)
cost = params.get("cost_bps", 5) / 10000
can_short = params.get("can_short", True)

close = data["sp500"]["Close"]
ma1 = close.rolling(short_window).mean()
ma2 = close.rolling(medium_window).mean()
ma3 = close.rolling(long_window).mean()

up = (ma1 > ma2) & (ma2 > ma3)
down = (ma1 < ma2) & (ma2 < ma3)
signal = np.where(up, 1.0, np.where(down, -1.0 if can_short else 0.0, 0.0))

daily = close.pct_change().fillna(0).to_numpy()
held = np.concatenate([[0.0], signal[:-1]])  # yesterday's signal earns today's return
changes = np.abs(np.diff(signal, prepend=0.0))
net = held * daily - changes * cost

equity = np.cumprod(1 + net)
peak = np.maximum.accumulate(equity)
sharpe = net.mean() / net.std(ddof=1) * np.sqrt(252) if net.std() > 0 else 0.0

print("Triple MA %d/%d/%d" % (short_window, medium_window, long_window))
print("in the market %.0f%% of days, Sharpe %.2f" % (100 * np.mean(held != 0), sharpe))
emit(
    total_return=float(equity[-1] - 1),
    annual_return=float(equity[-1] ** (252 / len(net)) - 1),
    sharpe=float(sharpe),
    max_drawdown=float((equity / peak - 1).min()),
    trades=int(np.count_nonzero(changes)),
)


def signals(data, params):
    return signal
