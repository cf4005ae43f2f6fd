"""Simple moving average crossover, long only."""

import numpy as np
import pandas as pd


def backtest(prices: pd.Series, fast: int, slow: int, cost_bps: float) -> dict:
    fast_ma = prices.rolling(fast).mean()
    slow_ma = prices.rolling(slow).mean()

    # 1 when the fast average is above the slow one, traded on the next bar
    position = (fast_ma > slow_ma).astype(float)
    returns = prices.pct_change().fillna(0.0)
    turnover = position.diff().abs().fillna(0.0)
    strategy = position.shift(1).fillna(0.0) * returns - turnover * cost_bps / 10_000

    equity = (1 + strategy).cumprod()
    years = len(strategy) / 252
    std = strategy.std()
    return {
        "total_return": float(equity.iloc[-1] - 1),
        "annual_return": float(equity.iloc[-1] ** (1 / years) - 1),
        "sharpe": float(strategy.mean() / std * np.sqrt(252)) if std > 0 else 0.0,
        "max_drawdown": float((equity / equity.cummax() - 1).min()),
        "trades": int((turnover > 0).sum()),
    }


def signals(data, params):
    """Target positions: scored outside of the sandbox, on prices that the program cannot change."""
    close = data["sp500"]["Close"]
    fast, slow = (close.rolling(params.get(name, usual)).mean() for name, usual in (("fast", 20), ("slow", 100)))
    return (fast > slow).astype(float)


if __name__ == "__main__":
    fast = params.get("fast", 20)
    slow = params.get("slow", 100)
    result = backtest(data["sp500"]["Close"], fast, slow, params.get("cost_bps", 5))
    print(f"SMA crossover {fast}/{slow} on the S&P 500")
    print(f"Sharpe {result['sharpe']:.2f}, total return {result['total_return']:.1%}, {result['trades']} trades")
    emit(**result)
