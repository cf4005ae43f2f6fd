"""Counts how many trials of a batch really differ: trials with correlated returns form a cluster. Needs NumPy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from windtunnel.analysis.ledger import Sharpe, Trials, sharpe_of
from windtunnel.contract.score import Score

SAME = 0.5
"""From this correlation on (a distance sqrt((1 - r) / 2) of at most 0.5) two trials are variants of one idea."""
AT_ONCE = 256


def effective(scores: Sequence[Score]) -> Trials:
    """The clusters among these scores as trials, each with the mean of its Sharpe ratios.

    Scores over different bars are never one cluster.
    """
    means: list[Sharpe] = []
    for group in by_bars(score for score in scores if sharpe_of(score)):
        ratios = np.array([score.metrics.sharpe_per_bar for score in group], dtype=float)
        labels = clusters([changes(score.curve.equity) for score in group], ratios)
        found = np.bincount(labels, ratios) / np.bincount(labels)
        means += [Sharpe(mean, group[0].bars) for mean in found.tolist()]
    return Trials.of(means)


def by_bars(scores: Iterable[Score]) -> list[list[Score]]:
    """These scores in groups over the same bars, the largest group first."""
    together: dict[tuple[int, ...], list[Score]] = defaultdict(list)
    for score in scores:
        together[score.curve.times].append(score)
    return sorted(together.values(), key=len, reverse=True)


def changes(curve: ArrayLike) -> NDArray[np.float64]:
    """(points,) returns between the points of an equity curve, the first from a capital of 1; 0 once all is lost."""
    equity = np.concatenate(([1.0], np.asarray(curve, dtype=float)))
    return np.divide(np.diff(equity), equity[:-1], out=np.zeros(len(equity) - 1), where=equity[:-1] > 0)


def clusters(returns: ArrayLike, order: ArrayLike) -> NDArray[np.intp]:
    """(trials,) the cluster of each row of `returns` (trials, bars).

    Each trial, the highest in `order` first, joins the first cluster whose founder it correlates with, or founds one.
    """
    rows = np.asarray(returns, dtype=np.float32)
    rows = rows - rows.mean(axis=1, keepdims=True)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-30)
    labels = np.full(len(rows), -1, dtype=np.intp)
    founders: list[int] = []
    ranking = np.argsort(-np.asarray(order, dtype=float), kind="stable")
    for start in range(0, len(ranking), AT_ONCE):
        chosen = ranking[start : start + AT_ONCE]
        known = len(founders)
        if known:
            alike = rows[chosen] @ rows[founders].T >= SAME
            found = alike.any(axis=1)
            labels[chosen[found]] = alike[found].argmax(axis=1)
        for trial in chosen[labels[chosen] < 0]:
            alike_new = np.flatnonzero(rows[founders[known:]] @ rows[trial] >= SAME)
            labels[trial] = known + alike_new[0] if len(alike_new) else len(founders)
            if not len(alike_new):
                founders.append(int(trial))
    return labels
