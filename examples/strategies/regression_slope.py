"""Trend strength from the t-statistic of a rolling regression of log price on time."""

import numpy as np
import pandas as pd
from scipy import stats

window = params.get("window", 90)
confidence = params.get("confidence", 0.99)
cost_bps = params.get("cost_bps", 5)

close = data["sp500"]["Close"]
log_price = np.log(close.to_numpy())
windows = np.lib.stride_tricks.sliding_window_view(log_price, window)
time = np.arange(window) - (window - 1) / 2
sxx = (time**2).sum()

slope = windows @ time / sxx
centred = windows - windows.mean(axis=1, keepdims=True)
residual_ss = (centred**2).sum(axis=1) - slope**2 * sxx
standard_error = np.sqrt(residual_ss / (window - 2) / sxx)
t_stat = slope / standard_error
# prices are autocorrelated, so ask for far more than the textbook value
critical = stats.t.ppf(confidence, window - 2) * params.get("inflation", 4.0)

raw = pd.Series(np.nan, index=close.index)
tail = raw.index[window - 1 :]
raw[tail[t_stat > critical]] = 1.0
raw[tail[t_stat < 0]] = 0.0
position = raw.ffill().fillna(0.0)

turnover = position.diff().abs().fillna(0.0)
net = position.shift(1).fillna(0.0) * close.pct_change().fillna(0.0) - turnover * cost_bps / 1e4
equity = (1 + net).cumprod()
sharpe = float(net.mean() / net.std() * np.sqrt(252)) if net.std() > 0 else 0.0
print(f"Regression slope over {window} days, needs t > {critical:.1f}; now {t_stat[-1]:.1f}")
print(f"Sharpe {sharpe:.2f}, total return {equity.iloc[-1] - 1:.1%}")
emit(
    total_return=float(equity.iloc[-1] - 1),
    annual_return=float(equity.iloc[-1] ** (252 / len(net)) - 1),
    sharpe=sharpe,
    max_drawdown=float((equity / equity.cummax() - 1).min()),
    trades=int(turnover.sum()),
)
