"""Does yesterday's NASDAQ move lead the S&P 500? Trade the rolling regression if it does."""

import json

import numpy as np
import pandas as pd


def rolling_lead_lag(leader: pd.Series, follower: pd.Series, window: int) -> tuple[pd.Series, pd.Series]:
    """Beta and correlation of follower[t] on leader[t-1], with data up to t."""
    lagged = leader.shift(1)
    beta = follower.rolling(window).cov(lagged) / lagged.rolling(window).var()
    return beta, follower.rolling(window).corr(lagged)


def main():
    window = params.get("window", 120)
    min_corr = params.get("min_corr", 0.08)
    cost_bps = params.get("cost_bps", 5)
    leader = data["nasdaq"]["Close"].pct_change()
    follower = data["sp500"]["Close"].pct_change()

    beta, corr = rolling_lead_lag(leader, follower, window)
    forecast = beta * leader  # for tomorrow's S&P 500 return
    active = corr.abs() > min_corr
    position = np.sign(forecast).where(active, 0.0).fillna(0.0)
    if not params.get("allow_short", True):
        position = position.clip(lower=0.0)

    turnover = position.diff().abs().fillna(0.0)
    net = position.shift(1).fillna(0.0) * follower.fillna(0.0) - turnover * cost_bps / 1e4
    equity = (1 + net).cumprod()
    std = net.std()
    summary = {
        "total_return": float(equity.iloc[-1] - 1),
        "annual_return": float(equity.iloc[-1] ** (252 / len(net)) - 1),
        "sharpe": float(net.mean() / std * np.sqrt(252)) if std > 0 else 0.0,
        "max_drawdown": float((equity / equity.cummax() - 1).min()),
        "trades": int((turnover > 0).sum()),
    }
    print(f"Lead-lag active on {active.mean():.0%} of days, mean correlation {corr.mean():+.3f}")
    print(json.dumps({k: round(v, 4) for k, v in summary.items()}))
    emit(**summary)


if __name__ == "__main__":
    main()
