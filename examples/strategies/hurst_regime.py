"""Rolling Hurst exponent: follow the last month in persistent markets, fade it in anti-persistent ones."""

import numpy as np


def rolling_hurst(log_price: np.ndarray, window: int, lags: tuple = (2, 4, 8, 16)) -> np.ndarray:
    """Slope of log(std of lagged differences) on log(lag), over a moving window."""
    logs = np.log(lags)
    centred = logs - logs.mean()
    out = np.full(len(log_price), np.nan)
    deviations = []
    for lag in lags:
        diff = np.full(len(log_price), np.nan)
        diff[lag:] = log_price[lag:] - log_price[:-lag]
        view = np.lib.stride_tricks.sliding_window_view(diff, window)
        deviations.append(np.log(view.std(axis=1)))
    slopes = centred @ np.array(deviations) / (centred**2).sum()
    out[window - 1 :] = slopes
    return out


window = params.get("window", 120)
momentum_days = params.get("momentum_days", 20)
dead_zone = params.get("dead_zone", 0.02)
cost_bps = params.get("cost_bps", 5)

close = data["nasdaq"]["Close"].to_numpy()
hurst = rolling_hurst(np.log(close), window)
momentum = np.zeros(len(close))
momentum[momentum_days:] = np.sign(close[momentum_days:] / close[:-momentum_days] - 1)

position = np.zeros(len(close))
for t in range(1, len(close)):
    h = hurst[t]
    if np.isnan(h):
        continue
    if h > 0.5 + dead_zone:
        position[t] = max(momentum[t], 0.0)
    elif h < 0.5 - dead_zone:
        position[t] = max(-momentum[t], 0.0)
    else:
        position[t] = position[t - 1]

market = np.zeros(len(close))
market[1:] = close[1:] / close[:-1] - 1
turnover = np.abs(np.diff(position, prepend=0.0))
net = -turnover * cost_bps / 1e4
net[1:] += position[:-1] * market[1:]
equity = np.cumprod(1 + net)
sharpe = float(net.mean() / net.std() * np.sqrt(252)) if net.std() > 0 else 0.0
print(f"Mean Hurst exponent {np.nanmean(hurst):.2f}, persistent {np.nanmean(hurst > 0.5):.0%} of days")
print(f"Sharpe {sharpe:.2f}, trades {int(turnover.sum())}")
emit(
    total_return=float(equity[-1] - 1),
    annual_return=float(equity[-1] ** (252 / len(net)) - 1),
    sharpe=sharpe,
    max_drawdown=float((equity / np.maximum.accumulate(equity) - 1).min()),
    trades=int(turnover.sum()),
)
