"""Majority vote of several classic signals."""

from itertools import starmap
from typing import Callable

import numpy as np
import pandas as pd

Signal = Callable[[pd.DataFrame], pd.Series]
SIGNALS: dict[str, Signal] = {}


def signal(function: Signal) -> Signal:
    SIGNALS[function.__name__] = function
    return function


@signal
def moving_average(df):
    return df["Close"] > df["Close"].rolling(100).mean()


@signal
def golden_cross(df):
    return df["Close"].rolling(50).mean() > df["Close"].rolling(200).mean()


@signal
def macd_positive(df):
    return df["Close"].ewm(span=12).mean() > df["Close"].ewm(span=26).mean()


@signal
def breakout(df):
    high, low = df["Close"].rolling(50).max(), df["Close"].rolling(50).min()
    return df["Close"] > (high + low) / 2


@signal
def calm(df):
    vol = df["Close"].pct_change().rolling(20).std()
    return vol < vol.rolling(252).quantile(0.8)


@signal
def yearly_momentum(df):
    return df["Close"] > df["Close"].shift(252)


def vote(df: pd.DataFrame, needed: int, sized: bool) -> pd.Series:
    ballots = pd.DataFrame(dict(starmap(lambda name, f: (name, f(df).astype(int)), SIGNALS.items())))
    count = ballots.sum(axis=1)
    if sized:
        return (count / len(SIGNALS)).where(count >= needed, 0.0)
    return (count >= needed).astype(float)


if __name__ == "__main__":
    df = data[params.get("market", "sp500")]
    position = vote(df, params.get("needed", 4), params.get("sized", False))
    position.iloc[:252] = 0.0
    turnover = position.diff().abs().fillna(0.0)
    net = position.shift(1).fillna(0.0) * df["Close"].pct_change().fillna(0.0)
    net -= turnover * params.get("cost_bps", 5) / 1e4
    equity = (1 + net).cumprod()
    sharpe = float(net.mean() / net.std() * np.sqrt(252)) if net.std() > 0 else 0.0
    print(f"{len(SIGNALS)} voters: {', '.join(SIGNALS)}")
    print(f"Sharpe {sharpe:.2f}, average position {position.mean():.0%}")
    emit(
        total_return=float(equity.iloc[-1] - 1),
        annual_return=float(equity.iloc[-1] ** (252 / len(net)) - 1),
        sharpe=sharpe,
        max_drawdown=float((equity / equity.cummax() - 1).min()),
        trades=int((turnover > 0).sum()),
    )
