"""Programs that the interpreter of a cell runs once before any job.

What Python and its libraries do when they are first used is then done for all jobs, as their processes are forks of it.
The samples run through the same code as a job's program and leave nothing behind. Standard library only.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import types
from typing import Any

import filenames
import program
from folder import FOLDER
from frames import Datasets
from reporter import Reporter

PLAIN = """
import math


def total(numbers, *, scale=1.0):
    return scale * sum(number * number for number in numbers)


numbers = [float(number) for number in range(params.get("count", 20))]
found = {"total": total(numbers), "root": math.sqrt(total(numbers, scale=2)), "name": "plain"}
print(f"{found['total']:,.2f} of {len(numbers)}, {found['root']:.1%}")
emit(**found)
"""
STRATEGY = """
import math
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass
class Costs:
    commission: float = 0.0005


class Crossover:
    def __init__(self, fast=5, slow=10):
        self.fast, self.slow = fast, slow

    def signals(self, prices: pd.DataFrame) -> pd.Series:
        close = prices["Close"]
        fast = close.ewm(span=self.fast, adjust=False).mean()
        slow = close.rolling(self.slow).mean()
        position = (fast > slow).astype(float)
        position.iloc[: self.slow] = 0.0
        return position


def signals(data, params):
    return Crossover(**params).signals(data["prices"])


prices = data["prices"]
close, high, low = prices["Close"], prices["High"], prices["Low"]
change = close.diff()
gain, loss = change.clip(lower=0).rolling(5).mean(), -change.clip(upper=0).rolling(5).mean()
strength = (100 - 100 / (1 + gain / loss.replace(0, np.nan))).fillna(50)
middle, width = close.rolling(10).mean(), close.rolling(10).std()
score = ((close - middle) / width).fillna(0)
enter, leave = (score < -0.5) & (strength < 60), (score > 0.5) | (strength > 70)
held = pd.Series(np.where(enter, 1.0, np.where(leave, 0.0, np.nan)), index=prices.index).ffill().fillna(0)
ranges = pd.concat([high - low, (high - close.shift(1)).abs()], axis=1).max(axis=1)
stop = (close.cummax() - 2 * ranges.ewm(alpha=0.2, adjust=False).mean()).min()

table = pd.DataFrame(index=prices.index)
table["position"] = Crossover(params.get("fast", 5)).signals(prices)
table["market"] = close.pct_change().fillna(0)
table["turnover"] = table["position"].diff().abs().fillna(table["position"].abs())
table["returns"] = table["position"].shift(1).fillna(0) * table["market"]
table["returns"] -= table["turnover"] * Costs().commission
table["equity"] = (1 + table["returns"]).cumprod()
table.loc[table.index[-1], "position"] = 0.0

returns, equity = table["returns"], table["equity"]
years = (prices.index[-1] - prices.index[0]).days / 365.25
log_returns = np.log(close / close.shift(1)).dropna().to_numpy()
volatility = float(np.std(log_returns) * np.sqrt(252))
sharpe = returns.mean() / returns.std() * math.sqrt(252) if returns.std() > 0 else 0.0
drawdown = (equity / equity.cummax() - 1).min()
trades = []
for day, row in table[table["turnover"] > 0].iterrows():
    trades.append({"day": day.strftime("%Y-%m-%d"), "price": round(float(row["equity"]), 2)})
signs = np.sign(returns.values)
best, wins = max(returns.tolist()), int((returns > 0).sum())
by_month = returns.groupby(prices.index.month).sum().to_dict()
print(f"Sharpe {sharpe:.2f}, worst drawdown {drawdown:.1%}, {len(trades)} trades, stop {stop:,.2f}")
emit(
    total_return=float(equity.iloc[-1] - 1),
    sharpe=float(sharpe),
    max_drawdown=float(drawdown),
    volatility=volatility,
    trades=len(trades),
    curve=equity.round(4).tolist()[:5],
    by_month={str(month): float(value) for month, value in by_month.items()},
    ups=int(np.count_nonzero(signs > 0)),
    best=best,
    win_rate=wins / len(returns),
    last=float(held.iloc[-1]),
)
"""


def rehearse() -> list[int]:
    """Run them, as far as their libraries are loaded. Returns their exit codes."""
    sources = [(PLAIN, Datasets({}, {}))]
    if "pandas" in sys.modules:
        sources.append((STRATEGY, Datasets({"prices": ""}, {"prices": _prices(sys.modules["pandas"])})))
    main, folder = sys.modules["__main__"], os.getcwd()
    nowhere = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
    try:
        return [_run(source, data, Reporter(nowhere)) for source, data in sources]
    finally:
        os.close(nowhere)
        sys.modules["__main__"] = main
        os.chdir(folder)
        filenames.forget()
        gc.collect()


def _run(source: str, data: Datasets, reporter: Reporter) -> int:
    job = {"code": source, "params": {}, "datasets": {}, "aliases": {}, "seed": 0, "cpus": 1}
    try:
        return program.perform(job, types.ModuleType("__main__"), data, reporter)
    finally:
        with contextlib.suppress(OSError):
            os.rmdir(FOLDER)


def _prices(pandas: Any) -> Any:
    """Daily bars that go up and down."""
    days = pandas.date_range("2000-01-03", periods=120, name="Date")
    close = pandas.Series([100 + (day * 7) % 23 / 10 + day / 10 for day in range(len(days))], index=days)
    columns = {"Open": close.shift(1).fillna(100), "High": close + 1, "Low": close - 1, "Close": close}
    return pandas.DataFrame({**columns, "Volume": range(len(days))})
