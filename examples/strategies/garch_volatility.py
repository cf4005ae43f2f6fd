"""GARCH(1,1) volatility forecast by maximum likelihood, used to size a long position."""

import numpy as np
from scipy.optimize import minimize
from scipy.signal import lfilter


def garch_variance(r: np.ndarray, omega: float, alpha: float, beta: float) -> np.ndarray:
    """h[t] is the forecast for r[t], made with returns up to t-1."""
    start = r[:250].var()
    drive = omega + alpha * np.concatenate([[start], r[:-1] ** 2])
    h, _ = lfilter([1.0], [1.0, -beta], drive, zi=[beta * start])
    return h


def negative_log_likelihood(theta: np.ndarray, r: np.ndarray) -> float:
    omega, alpha, beta = np.exp(theta[0]), *(1 / (1 + np.exp(-theta[1:])))
    if alpha + beta >= 0.999:
        return 1e10
    h = garch_variance(r, omega, alpha, beta)
    return float(0.5 * np.sum(np.log(h) + r**2 / h))


def fit(r: np.ndarray) -> tuple[float, float, float]:
    start = np.array([np.log(r.var() * 0.03), -2.4, 2.2])
    best = minimize(negative_log_likelihood, start, args=(r,), method="Nelder-Mead", options={"maxiter": 300})
    return float(np.exp(best.x[0])), float(1 / (1 + np.exp(-best.x[1]))), float(1 / (1 + np.exp(-best.x[2])))


close = data["sp500"]["Close"].to_numpy()
r = np.zeros(len(close))
r[1:] = close[1:] / close[:-1] - 1
percent = 100 * r
train = params.get("train", 1000)
refit = params.get("refit", 500)
target = params.get("target", 0.12)
cap = params.get("cap", 1.5)

forecast = np.full(len(r), np.nan)
for start in range(train, len(r), refit):
    omega, alpha, beta = fit(percent[:start])  # the past only
    h = garch_variance(percent, omega, alpha, beta)
    following = omega + alpha * percent**2 + beta * h  # forecast for t+1 at the close of t
    forecast[start : start + refit] = following[start : start + refit]

annual_vol = np.sqrt(forecast * 252) / 100
weight = np.nan_to_num(np.minimum(target / annual_vol, cap))
weight = np.round(weight * 10) / 10
turnover = np.abs(np.diff(weight, prepend=0.0))
net = -turnover * params.get("cost_bps", 5) / 1e4
net[1:] += weight[:-1] * r[1:]
equity = np.cumprod(1 + net)
sharpe = float(net.mean() / net.std() * np.sqrt(252)) if net.std() > 0 else 0.0
print(f"GARCH(1,1): alpha {alpha:.3f}, beta {beta:.3f}, persistence {alpha + beta:.3f}")
print(f"Sharpe {sharpe:.2f}, realised volatility {net[train:].std() * np.sqrt(252):.1%} for a target of {target:.0%}")
emit(
    total_return=float(equity[-1] - 1),
    annual_return=float(equity[-1] ** (252 / len(net)) - 1),
    sharpe=sharpe,
    max_drawdown=float((equity / np.maximum.accumulate(equity) - 1).min()),
    trades=int(np.count_nonzero(turnover)),
)
