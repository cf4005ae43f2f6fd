import numpy as np
import pandas as pd


def rolling_zscore(x: pd.Series, window: int) -> pd.Series:
    return (x - x.rolling(window).mean()) / x.rolling(window).std()


def scaled_position(z: pd.Series, cap: float) -> pd.Series:
    """Buy in proportion to how far the price is under its mean, never short."""
    return (-z / cap).clip(lower=0.0, upper=1.0).fillna(0.0)


def signals(data, params):
    z = rolling_zscore(np.log(data["sp500"]["Close"]), params.get("window", 20))
    step = params.get("step", 0.25)
    return (scaled_position(z, params.get("cap", 2.0)) / step).round() * step


window = params.get("window", 20)
cap = params.get("cap", 2.0)
step = params.get("step", 0.25)
cost = params.get("cost_bps", 5) * 1e-4

close = data["sp500"]["Close"]
z = rolling_zscore(np.log(close), window)
# round to coarse steps so that small changes do not cause trading
position = (scaled_position(z, cap) / step).round() * step
turnover = position.diff().abs().fillna(0.0)
pnl = position.shift(1).fillna(0.0) * close.pct_change().fillna(0.0) - cost * turnover

equity = (1 + pnl).cumprod()
sharpe = float(pnl.mean() / pnl.std() * np.sqrt(252)) if pnl.std() > 0 else 0.0
print(f"z-score reversion, window {window}: average exposure {position.mean():.0%}")
print(f"Sharpe {sharpe:.2f}, costs paid {(cost * turnover).sum():.2%} of capital")
emit(
    total_return=float(equity.iloc[-1] - 1),
    annual_return=float(equity.iloc[-1] ** (252 / len(pnl)) - 1),
    sharpe=sharpe,
    max_drawdown=float((equity / equity.cummax() - 1).min()),
    trades=int((turnover > 0).sum()),
    total_cost=float((cost * turnover).sum()),
)
