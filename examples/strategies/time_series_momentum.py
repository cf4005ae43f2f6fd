"""12-1 time-series momentum, rebalanced monthly: the sign of the return of the past
twelve months, leaving out the most recent one."""

import numpy as np
import pandas as pd


def month_end_positions(close: pd.Series, months: int, skip: int, long_short: bool) -> pd.Series:
    # last trading day of each calendar month
    period = close.index.to_period("M")
    is_month_end = pd.Series(period, index=close.index) != pd.Series(period, index=close.index).shift(-1)
    monthly = close[is_month_end]
    momentum = monthly.shift(skip) / monthly.shift(months) - 1
    target = np.sign(momentum)
    if not long_short:
        target = target.clip(lower=0)
    return target.reindex(close.index).ffill().fillna(0.0)


def evaluate(position: pd.Series, close: pd.Series, cost_bps: float) -> dict:
    gross = position.shift(1).fillna(0.0) * close.pct_change().fillna(0.0)
    turnover = position.diff().abs().fillna(0.0)
    net = gross - turnover * cost_bps / 1e4
    equity = (1 + net).cumprod()
    sigma = net.std()
    return {
        "total_return": float(equity.iloc[-1] - 1),
        "annual_return": float(equity.iloc[-1] ** (252 / len(net)) - 1),
        "sharpe": float(net.mean() / sigma * np.sqrt(252)) if sigma > 0 else 0.0,
        "max_drawdown": float((equity / equity.cummax() - 1).min()),
        "trades": int((turnover > 0).sum()),
    }


def signals(data, params):
    """Target positions by dataset; the other market is not traded."""
    market = params.get("market", "sp500")
    close = data[market]["Adj Close"]
    months, skip = params.get("months", 12), params.get("skip", 1)
    return {market: month_end_positions(close, months, skip, params.get("long_short", False))}


if __name__ == "__main__":
    market = params.get("market", "sp500")
    months = params.get("months", 12)
    skip = params.get("skip", 1)
    close = data[market]["Adj Close"]
    position = month_end_positions(close, months, skip, params.get("long_short", False))
    stats = evaluate(position, close, params.get("cost_bps", 5))
    print(f"{months}-{skip} momentum on {market}: invested {position.abs().mean():.0%} of the time")
    print(f"Annual return {stats['annual_return']:.2%}, max drawdown {stats['max_drawdown']:.1%}")
    emit(**stats)
