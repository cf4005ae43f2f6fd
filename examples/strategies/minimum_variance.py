# Minimum-variance mix of the two indices and cash, with a volatility ceiling.
import numpy as np
import pandas as pd
from scipy.optimize import minimize

window = params.get("window", 120)
ceiling = params.get("ceiling", 0.15)
rebalance = params.get("rebalance", 21)
cost_bps = params.get("cost_bps", 5)

names = ("sp500", "nasdaq")
returns = pd.DataFrame({n: data[n]["Close"].pct_change() for n in names}).fillna(0.0)
values = returns.to_numpy()


def minimum_variance(cov):
    result = minimize(
        lambda w: w @ cov @ w * 1e4,
        x0=np.array([0.5, 0.5]),
        jac=lambda w: 2 * cov @ w * 1e4,
        bounds=[(0.1, 0.9)] * 2,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1, "jac": lambda w: np.ones(2)},
        method="SLSQP",
    )
    return result.x


weights = np.zeros_like(values)
current = np.zeros(2)
for t in range(window, len(values)):
    if (t - window) % rebalance == 0:
        cov = np.cov(values[t - window + 1 : t + 1].T) * 252
        mix = minimum_variance(cov)
        vol = np.sqrt(mix @ cov @ mix)
        current = mix * min(1.0, ceiling / vol)  # the rest is cash
    weights[t] = current

turnover = np.abs(np.diff(weights, axis=0, prepend=np.zeros((1, 2)))).sum(axis=1)
net = -turnover * cost_bps / 1e4
net[1:] += (weights[:-1] * values[1:]).sum(axis=1)
equity = np.cumprod(1 + net)
sharpe = float(net.mean() / net.std() * np.sqrt(252)) if net.std() > 0 else 0.0
average = weights[window:].mean(axis=0)
print(f"Average weights: S&P 500 {average[0]:.0%}, NASDAQ {average[1]:.0%}, cash {1 - average.sum():.0%}")
print(f"Volatility {net.std() * 252**0.5:.1%}, Sharpe {sharpe:.2f}")
emit(
    total_return=float(equity[-1] - 1),
    annual_return=float(equity[-1] ** (252 / len(net)) - 1),
    sharpe=sharpe,
    max_drawdown=float((equity / np.maximum.accumulate(equity) - 1).min()),
    trades=int(np.count_nonzero(turnover)),
)
