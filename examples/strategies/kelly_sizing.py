"""Fractional Kelly sizing of a market position from trailing mean and variance."""

import numpy as np
import pandas as pd

fraction = params.get("fraction", 0.5)
window = params.get("window", 252)
cap = params.get("cap", 1.5)
shrink = params.get("shrink", 0.5)
rebalance = params.get("rebalance", 21)
cost_bps = params.get("cost_bps", 5)

close = data["sp500"]["Close"]
returns = close.pct_change().fillna(0.0)

# shrink the noisy trailing mean towards the mean of the whole past
trailing = returns.rolling(window).mean()
long_run = returns.expanding(window).mean()
mean = (1 - shrink) * trailing + shrink * long_run
variance = returns.rolling(window).var()
kelly = (fraction * mean / variance).clip(0.0, cap)

# rebalance on a fixed schedule
mask = np.arange(len(close)) % rebalance == 0
weight = kelly.where(mask).ffill().fillna(0.0)

turnover = weight.diff().abs().fillna(0.0)
net = weight.shift(1).fillna(0.0) * returns - turnover * cost_bps / 1e4
equity = (1 + net).cumprod()
sharpe = float(net.mean() / net.std() * np.sqrt(252)) if net.std() > 0 else 0.0
growth = float(np.log1p(net).mean() * 252)

print(f"{fraction:g} Kelly: average weight {weight.mean():.2f}, highest {weight.max():.2f}")
print(f"Log growth {growth:.2%} a year, Sharpe {sharpe:.2f}")
emit(
    total_return=float(equity.iloc[-1] - 1),
    annual_return=float(equity.iloc[-1] ** (252 / len(net)) - 1),
    sharpe=sharpe,
    max_drawdown=float((equity / equity.cummax() - 1).min()),
    trades=int((turnover > 0).sum()),
    log_growth=growth,
)
