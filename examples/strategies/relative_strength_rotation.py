# Relative strength rotation: always invested, tilted towards the index that has been stronger.
import numpy as np
import pandas as pd

lookback = params.get("lookback", 60)
smooth = params.get("smooth", 10)
tilt = params.get("tilt", 1.0)
cost_bps = params.get("cost_bps", 5)

names = ["sp500", "nasdaq"]
prices = pd.concat([data[n]["Close"].rename(n) for n in names], axis=1).dropna()
returns = prices.pct_change().fillna(0.0)

relative = np.log(prices["nasdaq"] / prices["sp500"])
strength = relative.diff(lookback).ewm(span=smooth).mean()
score = np.sign(strength).fillna(0.0)

w_nasdaq = (0.5 + 0.5 * tilt * score).clip(0, 1)
weights = pd.DataFrame({"sp500": 1 - w_nasdaq, "nasdaq": w_nasdaq})
turnover = weights.diff().abs().sum(axis=1)
net = (weights.shift(1) * returns).sum(axis=1) - turnover * cost_bps / 1e4
benchmark = returns.mean(axis=1)

equity = (1 + net).cumprod()
active = net - benchmark
sharpe = float(net.mean() / net.std() * np.sqrt(252)) if net.std() > 0 else 0.0
information_ratio = float(active.mean() / active.std() * np.sqrt(252)) if active.std() > 0 else 0.0
print(f"Rotation over {lookback} days: Sharpe {sharpe:.2f}, information ratio {information_ratio:.2f}")
emit(
    total_return=float(equity.iloc[-1] - 1),
    annual_return=float(equity.iloc[-1] ** (252 / len(net)) - 1),
    sharpe=sharpe,
    max_drawdown=float((equity / equity.cummax() - 1).min()),
    trades=int((turnover > 0).sum()),
    information_ratio=information_ratio,
)
