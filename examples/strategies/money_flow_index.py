from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd


class MoneyFlowIndexStrategy:
    """Volume-weighted RSI; buys when it turns up out of the oversold zone."""

    def __init__(self, frame: pd.DataFrame, config: dict[str, Any]) -> None:
        self.frame = frame
        self.period = config.get("period", 14)
        self.oversold = config.get("oversold", 30)
        self.exit_level = config.get("exit_level", 60)
        self.cost = config.get("cost_bps", 5) / 1e4

    @cached_property
    def mfi(self) -> pd.Series:
        typical = self.frame[["High", "Low", "Close"]].mean(axis=1)
        flow = typical * self.frame["Volume"]
        positive = flow.where(typical.diff() > 0, 0.0).rolling(self.period).sum()
        negative = flow.where(typical.diff() < 0, 0.0).rolling(self.period).sum()
        return 100 * positive / (positive + negative)

    @cached_property
    def position(self) -> pd.Series:
        turning_up = (self.mfi > self.oversold) & (self.mfi.shift(1) <= self.oversold)
        leaving = self.mfi > self.exit_level
        raw = pd.Series(np.nan, index=self.frame.index)
        raw[turning_up] = 1.0
        raw[leaving] = 0.0
        return raw.ffill().fillna(0.0)

    def report(self) -> dict[str, float]:
        turnover = self.position.diff().abs().fillna(0.0)
        market = self.frame["Close"].pct_change().fillna(0.0)
        net = self.position.shift(1).fillna(0.0) * market - turnover * self.cost
        equity = (1 + net).cumprod()
        std = net.std()
        return {
            "total_return": float(equity.iloc[-1] - 1),
            "annual_return": float(equity.iloc[-1] ** (252 / len(net)) - 1),
            "sharpe": float(net.mean() / std * np.sqrt(252)) if std > 0 else 0.0,
            "max_drawdown": float((equity / equity.cummax() - 1).min()),
            "trades": int(turnover.sum()),
        }


if __name__ == "__main__":
    strategy = MoneyFlowIndexStrategy(data["sp500"], params)
    report = strategy.report()
    print(f"MFI({strategy.period}) turning up through {strategy.oversold}, out above {strategy.exit_level}")
    for key, value in report.items():
        print(f"  {key:>14}: {value:.4f}")
    emit(**report)
