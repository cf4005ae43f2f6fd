"""Puts a job's score together. A `Market` is built once for a worker and reused for each job on the same prices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

import numpy as np

from windtunnel.analysis.significance import minimum_track_record, probabilistic_sharpe
from windtunnel.contract.score import Curve, Fill, Metrics, Score, Scoring, Stress
from windtunnel_worker.scoring.fills import Path, buy_and_hold, follow, returns_of
from windtunnel_worker.scoring.inputs import Floats, Positions, Prices, Table, Unscorable, join
from windtunnel_worker.scoring.metrics import Reasons, blocks, correlation, metrics, months, trading

CURVE_POINTS = 300
NS = 1_000_000_000


@dataclass(frozen=True)
class Market:
    """The prices that a job's positions are scored on, in the order of the positions' columns."""

    datasets: Sequence[Prices]
    bars_a_year: float | None
    """As the catalogue counted it from the datasets' times."""
    bars_how: str = "counted from the dataset's times"

    @cached_property
    def at_close(self) -> Table:
        """Fills happen at each bar's close."""
        return join(self.datasets, at_open=False)

    @cached_property
    def at_open(self) -> Table:
        """Fills happen at each bar's open."""
        return join(self.datasets, at_open=True)


def score(market: Market, positions: Positions, scoring: Scoring) -> Score:
    """Score these positions. Raises `Unscorable` where they or the prices do not allow it."""
    at_open = scoring.fill is Fill.OPEN
    whole = market.at_open if at_open else market.at_close
    bars = len(whole.times)
    if scoring.warmup >= bars:
        raise Unscorable(None, f"a warm-up of {scoring.warmup:,} bars leaves none of {bars:,}")
    if positions.weights.shape[1] != len(whole.names):
        raise Unscorable(None, f"there are {positions.weights.shape[1]} columns for {len(whole.names)} datasets")
    targets = positions.on(whole.times, warmup=scoring.warmup, leverage=scoring.leverage)[scoring.warmup :]
    table = whole.since(scoring.warmup)
    rate = (scoring.commission_bps + scoring.slippage_bps) / 10_000
    year = scoring.bars_a_year or market.bars_a_year

    undefined: Reasons = {}
    path = follow(table, targets)
    equity, bought = path.equity(rate), buy_and_hold(table, rate=rate)
    returns, market_returns = returns_of(equity), returns_of(bought)
    own = metrics(equity, returns, year, undefined)
    held = trading(path, table.names, rate, year, at_open=at_open)
    if not held.trades:
        undefined |= {"hit_rate": "it never traded"}
        undefined |= {name: "it never traded" for name, why in undefined.items() if why == "equity never varied"}
    return Score(
        convention=_convention(scoring.fill),
        costs=_costs(scoring, rate),
        bars_a_year=year,
        bars_how="stated with the job" if scoring.bars_a_year else market.bars_how,
        datasets=table.names,
        first=_moment(table.times[0]),
        last=_moment(table.times[-1]),
        bars=len(returns),
        capital=scoring.capital,
        final_equity=scoring.capital * float(equity[-1]),
        metrics=own,
        trading=held,
        benchmark=metrics(bought, market_returns, year, {}),
        market_correlation=correlation(returns, market_returns),
        stress=_stress(path, follow(market.at_close.since(scoring.warmup), targets, lag=0), rate, year),
        curve=_curve(table, equity, bought),
        months=months(table.times, equity),
        blocks=blocks(returns),
        undefined=undefined,
        **_significance(own, len(returns), year),
    )


def _moment(time: np.int64) -> datetime:
    return datetime.fromtimestamp(int(time) / NS, UTC)


def _convention(fill: Fill) -> str:
    return f"A position decided on one bar is taken at the next bar's {fill.value} and held until the one after."


def _costs(scoring: Scoring, rate: float) -> str:
    if not rate:
        return "Fills cost nothing."
    parts = f"{scoring.commission_bps:g} bps commission and {scoring.slippage_bps:g} bps slippage"
    return f"Each fill multiplies equity by 1 - {rate:g} * |change of positions| ({parts})."


def _significance(found: Metrics, bars: int, year: float | None) -> dict[str, float | None]:
    sharpe, skewness, kurtosis = found.sharpe_per_bar, found.skewness, found.kurtosis
    if sharpe is None or skewness is None or kurtosis is None:
        return {}
    needed = minimum_track_record(sharpe, skewness, kurtosis)
    return {
        "probabilistic_sharpe": probabilistic_sharpe(sharpe, bars, skewness, kurtosis),
        "track_record_years": needed / year if needed is not None and year else None,
    }


def _stress(path: Path, seen: Path, rate: float, year: float | None) -> tuple[Stress, ...]:
    curves = {f"costs {times}x": path.equity(times * rate) for times in (1, 2, 3)}
    curves["filled at the close that was seen (not attainable)"] = seen.equity(rate)
    figures = {label: metrics(equity, returns_of(equity), year, {}) for label, equity in curves.items()}
    return tuple(
        Stress(label=label, total_return=one.total_return, sharpe=one.sharpe) for label, one in figures.items()
    )


def _curve(table: Table, equity: Floats, bought: Floats) -> Curve:
    picked = np.unique(np.linspace(0, len(equity) - 1, min(len(equity), CURVE_POINTS)).astype(int))
    depths = equity / np.maximum(np.maximum.accumulate(equity), 1.0) - 1.0
    deepest = np.minimum.reduceat(depths, np.concatenate(([0], picked[:-1] + 1)))
    return Curve(
        times=tuple((table.times[picked] // NS).tolist()),
        equity=tuple(np.round(equity[picked], 6).tolist()),
        drawdown=tuple(np.round(deepest, 6).tolist()),
        benchmark=tuple(np.round(bought[picked], 6).tolist()),
    )
