"""Figures of one equity curve and of the positions behind it. What is not defined is None, and the reason is noted."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, sqrt

import numpy as np

from windtunnel.contract.score import Blocks, Metrics, Trading
from windtunnel_worker.scoring.fills import TINY, Path, returns_of
from windtunnel_worker.scoring.inputs import Floats, Picked, across, spread

FLAT = 1e-12
"""A standard deviation below this share of the largest return comes from rounding."""
BLOCKS = 10
MOST_MONTHS = 600
SPARK_POINTS = 60
Reasons = dict[str, str]


def metrics(equity: Floats, returns: Floats, bars_a_year: float | None, undefined: Reasons) -> Metrics:
    """All figures of a curve (bars,) that is 1 before its first bar. `undefined` gains a reason for each None."""
    bars = len(returns)
    if bars < 2:
        undefined.update(dict.fromkeys(Metrics.model_fields, "one bar has no return"))
        return Metrics()
    year = _year(bars_a_year, undefined)
    mean, deviation = _moments(returns)
    flat = deviation == 0.0
    if flat:
        _note(undefined, "equity never varied", "sharpe", "sharpe_per_bar", "sortino", "skewness", "kurtosis")
    skewness, kurtosis = (None, None) if flat else _shape(returns, mean)
    per_bar = None if flat else mean / deviation
    depth, length = drawdown(equity)
    annual_return = None if year is None else _annual_return(float(equity[-1]), year / bars, undefined)
    return Metrics(
        total_return=float(equity[-1]) - 1.0,
        annual_return=annual_return,
        volatility=None if year is None else deviation * sqrt(year),
        sharpe=None if year is None or per_bar is None else per_bar * sqrt(year),
        sortino=None if year is None or flat else _sortino(returns, mean, year, undefined),
        calmar=_calmar(annual_return, depth, undefined),
        max_drawdown=depth,
        max_drawdown_bars=length,
        sharpe_per_bar=per_bar,
        skewness=skewness,
        kurtosis=kurtosis,
    )


def annual_sharpe(returns: Floats, bars_a_year: float | None) -> float | None:
    """The Sharpe ratio of returns (bars,), as in `metrics`; at least two bars."""
    mean, deviation = _moments(returns)
    return None if bars_a_year is None or deviation == 0.0 else mean / deviation * sqrt(bars_a_year)


def _moments(returns: Floats) -> tuple[float, float]:
    """Mean and sample standard deviation, which is 0 where it comes from rounding."""
    mean = float(returns.sum()) / len(returns)
    away = returns - mean
    deviation = sqrt(float((away * away).sum()) / (len(returns) - 1))
    return mean, 0.0 if deviation <= FLAT * max(float(returns.max()), -float(returns.min())) else deviation


def _year(bars_a_year: float | None, undefined: Reasons) -> float | None:
    if bars_a_year is None:
        annual = ("annual_return", "volatility", "sharpe", "sortino", "calmar")
        _note(undefined, "the bars a year are not known; state them in the job's scoring", *annual)
    return bars_a_year


def _note(undefined: Reasons, reason: str, *names: str) -> None:
    for name in names:
        undefined.setdefault(name, reason)


def _shape(returns: Floats, mean: float) -> tuple[float, float]:
    """Skewness and kurtosis, population moments."""
    away = returns - mean
    square = away * away
    variance = float(square.mean())
    return float((square * away).mean()) / variance**1.5, float((square * square).mean()) / variance**2


def _annual_return(final: float, years_inverse: float, undefined: Reasons) -> float | None:
    try:
        annual = float(final**years_inverse) - 1.0
    except OverflowError:
        annual = float("inf")
    if isfinite(annual):
        return annual
    undefined["annual_return"] = "so few bars do not extend to a year"
    return None


def _sortino(returns: Floats, mean: float, year: float, undefined: Reasons) -> float | None:
    downside = sqrt(float((np.minimum(returns, 0.0) ** 2).mean()))
    if downside > 0.0:
        return mean / downside * sqrt(year)
    undefined["sortino"] = "no bar lost"
    return None


def _calmar(annual_return: float | None, depth: float, undefined: Reasons) -> float | None:
    if depth < 0.0 and annual_return is not None:
        return annual_return / -depth
    _note(undefined, "there was no drawdown" if depth == 0.0 else "there is no annual return", "calmar")
    return None


def correlation(returns: Floats, others: Floats) -> float | None:
    """Of two series of returns (bars,); None where one of them never moves."""
    left, right = returns - returns.mean(), others - others.mean()
    spread = sqrt(float(left @ left) * float(right @ right))
    return max(-1.0, min(1.0, float(left @ right) / spread)) if spread > TINY**2 else None


def drawdown(equity: Floats) -> tuple[float, int]:
    """The deepest fall from a peak (at most 0), and the bars from that peak until it is reached again or to the end."""
    curve = np.concatenate(([1.0], equity))
    peaks = np.maximum.accumulate(curve)
    depths = curve / peaks - 1.0
    bottom = int(np.argmin(depths))
    if depths[bottom] >= 0.0:
        return 0.0, 0
    peak = int(np.flatnonzero(curve[: bottom + 1] == peaks[bottom])[-1])
    reached = np.flatnonzero(curve[bottom:] >= peaks[bottom])
    end = bottom + int(reached[0]) if len(reached) else len(curve) - 1
    return float(depths[bottom]), end - peak


def trading(path: Path, names: tuple[str, ...], rate: float, year: float | None, *, at_open: bool) -> Trading:
    """What the positions were and how often a trade gained."""
    held, traded = path.held, np.abs(path.traded)
    gains = _gains_of_trades(path, rate)
    sums = across(held)
    years = len(held) / year if year else None
    over_a_move = held if at_open else held[:-1]  # what is taken at the last close has seen no move
    picked = spread(len(held), SPARK_POINTS)
    return Trading(
        fills=int((traded > TINY).sum()),
        trades=len(gains),
        hit_rate=float((gains > TINY).mean()) if len(gains) else None,
        turnover=float(traded.sum()),
        turnover_a_year=float(traded.sum()) / years if years else None,
        exposure=float((over_a_move != 0.0).any(axis=1).sum()) / len(held),
        longest=float(sums.max()),
        shortest=float(sums.min()),
        open_positions={name: float(size) for name, size in zip(names, held[-1], strict=True) if size},
        spark=tuple(np.round(sums[picked], 3).tolist()),
    )


def _gains_of_trades(path: Path, rate: float) -> Floats:
    """(trades,) gain of each stretch of one direction in one dataset, less its costs."""
    held, size = path.held, np.abs(path.held)
    direction = np.sign(held)
    turned = np.ones(held.shape, bool)
    turned[1:] = direction[1:] != direction[:-1]
    growth = np.maximum(1.0 + path.gains, 0.0) * _after_costs(rate, np.where(turned, size, np.abs(path.traded)))
    growth[:-1] *= np.where(turned[1:], _after_costs(rate, size[:-1]), 1.0)  # leaving costs the trade that is left
    starts = np.flatnonzero(turned.T)
    with np.errstate(over="ignore", invalid="ignore"):
        stretches = np.multiply.reduceat(growth.T.ravel(), starts) - 1.0
    return np.asarray(stretches[direction.T.ravel()[starts] != 0.0])


def _after_costs(rate: float, changes: Floats) -> Floats:
    """What is left after such changes of positions, as a share."""
    return np.maximum(1.0 - rate * changes, 0.0)


def months(names: Sequence[str], ends: Picked, equity: Floats) -> dict[str, float]:
    """Return of each calendar month, of which `ends` has the last bar; the last `MOST_MONTHS`."""
    changes = returns_of(equity[ends])[-MOST_MONTHS:]
    return dict(zip(names[-MOST_MONTHS:], np.round(changes, 6).tolist(), strict=True))


def blocks(returns: Floats) -> Blocks:
    """Sums over consecutive parts of nearly the same length; none where a part would have fewer than two bars."""
    if len(returns) < 2 * BLOCKS:
        return Blocks()
    edges = spread(len(returns) + 1, BLOCKS + 1)
    return Blocks(
        bars=tuple(np.diff(edges).tolist()),
        sums=tuple(np.add.reduceat(returns, edges[:-1]).tolist()),
        squares=tuple(np.add.reduceat(returns * returns, edges[:-1]).tolist()),
    )
