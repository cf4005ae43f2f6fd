"""Commodity channel index swing strategy."""

from typing import NamedTuple

import numpy as np
import pandas as pd


class Result(NamedTuple):
    total_return: float
    annual_return: float
    sharpe: float
    max_drawdown: float
    trades: int


def cci(df: pd.DataFrame, period: int) -> pd.Series:
    typical = (df["High"] + df["Low"] + df["Close"]) / 3
    windows = np.lib.stride_tricks.sliding_window_view(typical.to_numpy(), period)
    mean = windows.mean(axis=1)
    mean_deviation = np.abs(windows - mean[:, None]).mean(axis=1)
    values = np.full(len(df), np.nan)
    values[period - 1 :] = (windows[:, -1] - mean) / (0.015 * mean_deviation)
    return pd.Series(values, index=df.index)


def backtest(df: pd.DataFrame, period: int, level: float, mode: str, cost_bps: float) -> Result:
    index = cci(df, period)
    raw = pd.Series(np.nan, index=df.index)
    if mode == "trend":
        raw[index > level] = 1.0
        raw[index < 0] = 0.0
    else:
        raw[index < -level] = 1.0
        raw[index > 0] = 0.0
    position = raw.ffill().fillna(0.0)
    turnover = position.diff().abs().fillna(0.0)
    net = position.shift(1).fillna(0.0) * df["Close"].pct_change().fillna(0.0) - turnover * cost_bps / 1e4
    equity = (1 + net).cumprod()
    std = net.std()
    return Result(
        float(equity.iloc[-1] - 1),
        float(equity.iloc[-1] ** (252 / len(net)) - 1),
        float(net.mean() / std * np.sqrt(252)) if std > 0 else 0.0,
        float((equity / equity.cummax() - 1).min()),
        int((turnover > 0).sum()),
    )


if __name__ == "__main__":
    mode = params.get("mode", "trend")
    result = backtest(
        data["nasdaq"], params.get("period", 20), params.get("level", 100), mode, params.get("cost_bps", 5)
    )
    print(f"CCI in {mode} mode: {result.trades} trades")
    print(f"Sharpe {result.sharpe:.2f}, annual return {result.annual_return:.2%}")
    emit(**result._asdict())
