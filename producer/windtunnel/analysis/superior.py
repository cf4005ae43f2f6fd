"""Tests whether the best of a batch beats a benchmark, considering that it is the best of many. Needs `arch`.

Hansen's test of superior predictive ability (Journal of Business & Economic Statistics 23, 2005), which refines White's
reality check (Econometrica 68, 2000): a stationary bootstrap of the strategies' returns, which keeps how they move
together. Its null hypothesis is that no strategy has a higher expected return than the benchmark.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from windtunnel.analysis.trials import by_bars, changes
from windtunnel.contract.score import Score
from windtunnel.errors import FieldProblem, InvalidInput

RESAMPLES = 1000
SEED = 0
"""Of the bootstrap: the same batch has the same answer."""
MOST_STRATEGIES = 5000
"""More than that take minutes and a gigabyte of memory."""
FEWEST_PERIODS = 20
FLAT = 1e-12
"""Volatility a period below which a strategy is not distinguished from its benchmark."""


@dataclass(frozen=True)
class Superior:
    """The answer of the test against one benchmark."""

    benchmark: str
    strategies: int
    periods: int
    """Of a strategy's returns: those between the points of its equity curve."""
    left_out: int
    """Scored jobs over other bars, and those that are never apart from the benchmark."""
    p_lower: float
    p: float
    """Probability of a strategy as good as the best if none were better than the benchmark; Hansen's consistent one."""
    p_upper: float
    """As p, if all were exactly as good as the benchmark; White's reality check, with returns of equal volatility."""


def superior(scores: Sequence[Score]) -> tuple[Superior, ...]:
    """The test of these scores against cash and against buy and hold; none where there are too few returns.

    `InvalidInput` for more than `MOST_STRATEGIES`, `ImportError` without `arch`.
    """
    group = next(iter(by_bars(scores)), [])
    if len(group) > MOST_STRATEGIES:
        problem = FieldProblem("spa", f"takes at most {MOST_STRATEGIES:,} scored jobs, and these are {len(group):,}")
        raise InvalidInput([problem], remedy="Use the deflated Sharpe ratios of the leaderboard for larger batches.")
    if not group:
        return ()
    returns = np.column_stack([changes(one.curve.equity) for one in group])
    bought = changes(group[0].curve.benchmark)
    found = (
        of_returns(returns, np.zeros(len(returns)), "cash", others=len(scores) - len(group)),
        of_returns(returns, bought, "buy and hold", others=len(scores) - len(group)),
    )
    return tuple(one for one in found if one is not None)


def of_returns(returns: ArrayLike, benchmark: ArrayLike, name: str = "", others: int = 0) -> Superior | None:
    """The test for returns (periods, strategies) against those of a benchmark (periods,); None for too few.

    What each strategy returns beyond the benchmark is brought to the same volatility first, so that the best is the
    one with the highest Sharpe ratio and not the one with the largest positions.
    """
    from arch.bootstrap import SPA

    beyond = np.asarray(returns, dtype=float) - np.asarray(benchmark, dtype=float)[:, None]
    spread = beyond.std(axis=0)
    moving = spread > FLAT
    if len(beyond) < FEWEST_PERIODS or not moving.any():
        return None
    scaled: NDArray[np.float64] = beyond[:, moving] / spread[moving]
    test = SPA(np.zeros(len(scaled)), -scaled, block_size=isqrt(len(scaled)), reps=RESAMPLES, seed=SEED)
    test.compute()
    lower, consistent, upper = (float(p) for p in test.pvalues)
    left_out = others + int((~moving).sum())
    return Superior(name, scaled.shape[1], len(scaled), left_out, lower, consistent, upper)
