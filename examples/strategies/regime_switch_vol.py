"""Regime switching: follow the trend in calm markets, buy dips in turbulent ones."""

import numpy as np
import pandas as pd


def volatility_regime(returns: pd.Series, window: int, history: int, quantile: float) -> pd.Series:
    vol = returns.rolling(window).std()
    limit = vol.rolling(history, min_periods=history // 2).quantile(quantile)
    return vol > limit


def trend_signal(close: pd.Series, window: int) -> pd.Series:
    return (close > close.rolling(window).mean()).astype(float)


def dip_signal(close: pd.Series, days: int) -> pd.Series:
    drop = close / close.rolling(days).max() - 1
    return (drop < -0.03).astype(float)


close = data["sp500"]["Close"]
returns = close.pct_change().fillna(0.0)
turbulent = volatility_regime(
    returns, params.get("vol_window", 20), params.get("history", 504), params.get("quantile", 0.7)
)
trend = trend_signal(close, params.get("trend_window", 100))
dip = dip_signal(close, params.get("dip_days", 5)) * params.get("dip_size", 0.5)

position = trend.where(~turbulent, dip)
turnover = position.diff().abs().fillna(0.0)
net = position.shift(1).fillna(0.0) * returns - turnover * params.get("cost_bps", 5) / 1e4
equity = (1 + net).cumprod()


def sharpe_of(x: pd.Series) -> float:
    return float(x.mean() / x.std() * np.sqrt(252)) if len(x) > 1 and x.std() > 0 else 0.0


was_turbulent = turbulent.shift(1, fill_value=False)
print(f"Turbulent on {turbulent.mean():.0%} of days")
print(
    f"Sharpe {sharpe_of(net):.2f}: calm {sharpe_of(net[~was_turbulent]):.2f}, turbulent {sharpe_of(net[was_turbulent]):.2f}"
)
emit(
    total_return=float(equity.iloc[-1] - 1),
    annual_return=float(equity.iloc[-1] ** (252 / len(net)) - 1),
    sharpe=sharpe_of(net),
    max_drawdown=float((equity / equity.cummax() - 1).min()),
    trades=int((turnover > 0).sum()),
)
