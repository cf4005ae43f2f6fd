"""The probability of overfitting: the share of splits of time in which the best of a batch does not stay ahead.

Combinatorially symmetric cross-validation (Bailey, Borwein, López de Prado and Zhu 2017): time is cut into blocks,
every half of them is in sample once, and the winner there is ranked by its Sharpe ratio on the other half. Sums over
the blocks suffice for that. Needs NumPy.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from windtunnel.contract.score import Blocks

Floats = NDArray[np.float64]
FEWEST_STRATEGIES = 10
"""With fewer, the rank of the winner says little."""
CELLS_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class Overfitting:
    """The answer, and how it was found."""

    probability: float
    """Share of the splits in which the winner in sample is in the lower half out of sample."""
    splits: int
    strategies: int
    median_rank: float
    """Of the winners out of sample; 1 is the best, 0 the worst."""


def of_returns(returns: ArrayLike, blocks: int = 10) -> Overfitting | None:
    """From returns (bars, strategies); `blocks` is even. None if there are too few strategies that moved."""
    matrix = np.asarray(returns, dtype=float)
    edges = np.linspace(0, len(matrix), blocks + 1).astype(int)
    bars = np.diff(edges).astype(float)
    return _of_sums(bars, np.add.reduceat(matrix, edges[:-1]), np.add.reduceat(matrix**2, edges[:-1]))


def of_blocks(found: Sequence[Blocks]) -> Overfitting | None:
    """From the blocks of scores over the same bars, one entry a strategy."""
    if not found or not found[0].bars or any(one.bars != found[0].bars for one in found):
        return None
    sums, squares = np.array([one.sums for one in found]).T, np.array([one.squares for one in found]).T
    return _of_sums(np.array(found[0].bars, dtype=float), sums, squares)


def _of_sums(bars: Floats, sums: Floats, squares: Floats) -> Overfitting | None:
    """From sums over blocks: `bars` (blocks,), `sums` and `squares` (blocks, strategies)."""
    moved = squares.sum(axis=0) > 0.0
    sums, squares = sums[:, moved], squares[:, moved]
    strategies = sums.shape[1]
    if strategies < FEWEST_STRATEGIES:
        return None
    ranks = np.concatenate(
        [_ranks(inside, bars, sums, squares) for inside in _halves(len(bars), max(1, CELLS_AT_ONCE // strategies))]
    )
    return Overfitting(float((ranks <= 0.5).mean()), len(ranks), strategies, float(np.median(ranks)))


def _halves(blocks: int, at_once: int) -> Iterable[Floats]:
    """Which blocks are in sample, (splits, blocks) of 0 and 1, in portions."""
    chosen = np.array(list(combinations(range(blocks), blocks // 2)))
    for start in range(0, len(chosen), at_once):
        portion = chosen[start : start + at_once]
        inside = np.zeros((len(portion), blocks))
        np.put_along_axis(inside, portion, 1.0, axis=1)
        yield inside


def _ranks(inside: Floats, bars: Floats, sums: Floats, squares: Floats) -> Floats:
    """(splits,) rank out of sample of each split's winner in sample, between 0 and 1; equals share their ranks."""
    before = _sharpe(inside @ bars, inside @ sums, inside @ squares)
    outside = 1.0 - inside
    after = _sharpe(outside @ bars, outside @ sums, outside @ squares)
    winner = np.take_along_axis(after, before.argmax(axis=1)[:, None], axis=1)
    below, level = (after < winner).sum(axis=1), (after == winner).sum(axis=1)
    return np.asarray((below + (level + 1) / 2) / (after.shape[1] + 1))


def _sharpe(bars: Floats, sums: Floats, squares: Floats) -> Floats:
    """(splits, strategies) Sharpe ratio per bar; 0 where nothing moved."""
    mean = sums / bars[:, None]
    variance = (squares - sums * mean) / (bars[:, None] - 1)
    deviation = np.sqrt(np.maximum(variance, 0.0))
    return np.divide(mean, deviation, out=np.zeros_like(mean), where=deviation > 1e-15)
