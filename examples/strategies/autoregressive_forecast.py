"""Autoregressive forecast of weekly returns with statsmodels, refit every quarter."""

import warnings

import numpy as np
import pandas as pd
from statsmodels.tsa.ar_model import AutoReg

warnings.simplefilter("ignore")

lags = params.get("lags", 4)
train_weeks = params.get("train_weeks", 156)
refit_weeks = params.get("refit_weeks", 13)
cost_bps = params.get("cost_bps", 5)

close = data["sp500"]["Close"]
week = close.index.to_period("W")
weekly = close.groupby(week).last()
weekly_returns = np.log(weekly).diff().dropna()
r = weekly_returns.to_numpy()

forecast = np.zeros(len(r))
coefficients = None
for t in range(train_weeks, len(r)):
    if (t - train_weeks) % refit_weeks == 0:
        model = AutoReg(r[t - train_weeks : t + 1], lags=lags, trend="c").fit()
        coefficients = np.asarray(model.params)
    recent = r[t - lags + 1 : t + 1][::-1]  # latest first
    forecast[t] = coefficients[0] + coefficients[1:] @ recent

target = pd.Series((forecast > 0).astype(float), index=weekly_returns.index)
target.iloc[:train_weeks] = 0.0
# the forecast is known at the week's last close and holds for the whole following week
weekly_target = target.reindex(weekly.index).fillna(0.0)
position = weekly_target.shift(1).fillna(0.0).reindex(week).set_axis(close.index)

turnover = position.diff().abs().fillna(0.0)
# `position` is already that of the day itself, decided at the close of the week before
net = position * close.pct_change().fillna(0.0) - turnover * cost_bps / 1e4
equity = (1 + net).cumprod()
sharpe = float(net.mean() / net.std() * np.sqrt(252)) if net.std() > 0 else 0.0
print(f"AR({lags}) on weekly returns, invested {position.mean():.0%} of days")
print(f"Sharpe {sharpe:.2f}, last forecast {forecast[-1]:+.2%}")
emit(
    total_return=float(equity.iloc[-1] - 1),
    annual_return=float(equity.iloc[-1] ** (252 / len(net)) - 1),
    sharpe=sharpe,
    max_drawdown=float((equity / equity.cummax() - 1).min()),
    trades=int(turnover.sum()),
)
