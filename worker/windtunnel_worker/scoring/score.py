"""Puts a job's score together."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from windtunnel.analysis.significance import minimum_track_record, probabilistic_sharpe
from windtunnel.contract.score import Curve, Fill, Metrics, Score, Scoring, Stress
from windtunnel_worker.scoring.fills import LARGEST, check_size, follow, returns_of
from windtunnel_worker.scoring.inputs import Floats, Positions, Table, Unscorable
from windtunnel_worker.scoring.market import NS, Market, Terms, Window
from windtunnel_worker.scoring.metrics import (
    Reasons,
    annual_sharpe,
    blocks,
    correlation,
    metrics,
    months,
    trading,
)

AS_SEEN = "filled at the close that was seen (not attainable)"


def score(market: Market, positions: Positions, scoring: Scoring) -> Score:
    """Score these positions. Raises `Unscorable` where they or the prices do not allow it."""
    rate = (scoring.commission_bps + scoring.slippage_bps) / 10_000
    year = scoring.bars_a_year or market.bars_a_year
    terms = Terms(scoring.fill is Fill.OPEN, scoring.warmup, rate, year)
    window = market.window(terms)
    table = window.table
    if positions.weights.shape[1] != len(table.names):
        raise Unscorable(None, f"there are {positions.weights.shape[1]} columns for {len(table.names)} datasets")
    whole = positions.on(market.at_close.times, warmup=scoring.warmup, leverage=scoring.leverage)
    targets = whole[scoring.warmup :]

    undefined: Reasons = {}
    path = follow(table, targets)
    equities = path.equities(rate, 2 * rate, 3 * rate)
    equity = equities[0]
    returns = returns_of(equity)
    check_size(equity, returns, table.times, "equity")
    own = metrics(equity, returns, year, undefined)
    held = trading(path.until_ruin(equity), table.names, rate, year, at_open=terms.at_open)
    if not held.trades:
        undefined |= {"hit_rate": "it never traded"}
        undefined |= {name: "it never traded" for name, why in undefined.items() if why == "equity never varied"}
    if window.no_benchmark:
        undefined["benchmark"] = window.no_benchmark
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
        benchmark=window.benchmark,
        market_correlation=None if window.no_benchmark else correlation(returns, window.returns),
        stress=_stress(own, equities[1:], _filled_as_seen(window.at_close, targets, rate), terms),
        curve=_curve(window, equity),
        months=months(window.months, window.month_ends, equity),
        blocks=blocks(returns),
        undefined=undefined,
        **_significance(own, len(returns), year),
    )


def _moment(time: np.int64) -> datetime:
    return datetime.fromtimestamp(int(time) / NS, UTC)


def _convention(fill: Fill) -> str:
    taken = f"A position decided on one bar is taken at the next bar's {fill.value}"
    return f"{taken} and held until the one after, as the same fraction of equity whatever prices do meanwhile."


def _costs(scoring: Scoring, rate: float) -> str:
    if not rate:
        return "Fills cost nothing."
    parts = f"{scoring.commission_bps:g} bps commission and {scoring.slippage_bps:g} bps slippage"
    charged = f"Each fill multiplies equity by 1 - {rate:g} * |change of positions| ({parts})"
    return f"{charged}; keeping a fraction costs nothing."


def _significance(found: Metrics, bars: int, year: float | None) -> dict[str, float | None]:
    sharpe, skewness, kurtosis = found.sharpe_per_bar, found.skewness, found.kurtosis
    if sharpe is None or skewness is None or kurtosis is None:
        return {}
    needed = minimum_track_record(sharpe, skewness, kurtosis)
    return {
        "probabilistic_sharpe": probabilistic_sharpe(sharpe, bars, skewness, kurtosis),
        "track_record_years": needed / year if needed is not None and year else None,
    }


def _filled_as_seen(table: Table, targets: Floats, rate: float) -> Floats | None:
    """Equity with positions taken on the bar of their decision; None if one was decided at a price of 0 or less."""
    try:
        (equity,) = follow(table, targets, lag=0).equities(rate)
    except Unscorable:
        return None
    return np.asarray(equity)


def _stress(own: Metrics, dearer: Floats, seen: Floats | None, terms: Terms) -> tuple[Stress, ...]:
    """`dearer`: equity at twice and three times the costs."""
    return (
        Stress(label="costs 1x", total_return=own.total_return, sharpe=own.sharpe),
        _stressed("costs 2x", dearer[0], terms),
        _stressed("costs 3x", dearer[1], terms),
        Stress(label=AS_SEEN) if seen is None else _stressed(AS_SEEN, seen, terms),
    )


def _stressed(label: str, equity: Floats, terms: Terms) -> Stress:
    returns = returns_of(equity)
    if len(equity) < 2 or not (max(equity.max(), returns.max()) <= LARGEST):  # one bar has no return
        return Stress(label=label)
    sharpe = annual_sharpe(returns, terms.bars_a_year)
    return Stress(label=label, total_return=float(equity[-1]) - 1.0, sharpe=sharpe)


def _curve(window: Window, equity: Floats) -> Curve:
    picked = window.picked
    depths = equity / np.maximum(np.maximum.accumulate(equity), 1.0) - 1.0
    deepest = np.minimum.reduceat(depths, np.concatenate(([0], picked[:-1] + 1)))
    return Curve(
        times=window.picked_times,
        equity=tuple(np.round(equity[picked], 6).tolist()),
        drawdown=tuple(np.round(deepest, 6).tolist()),
        benchmark=window.picked_bought,
    )
