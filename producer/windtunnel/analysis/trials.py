"""Counts how many trials of a batch really differ: trials with correlated returns form a cluster. Needs NumPy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from windtunnel.contract.score import Score

SAME = 0.5
"""From this correlation on (a distance sqrt((1 - r) / 2) of at most 0.5) two trials are variants of one idea."""
AT_ONCE = 256


@dataclass(frozen=True)
class EffectiveTrials:
    """Independent trials behind a batch."""

    count: int
    variance: float
    """Of the clusters' mean Sharpe ratios, per bar."""


def effective(scores: Sequence[Score]) -> EffectiveTrials:
    """Count the clusters among these scores; those over different bars are never one cluster."""
    together: dict[tuple[int, ...], list[Score]] = defaultdict(list)
    for score in scores:
        if score.metrics.sharpe_per_bar is not None:
            together[score.curve.times].append(score)
    means: list[float] = []
    for group in together.values():
        ratios = np.array([one.metrics.sharpe_per_bar for one in group], dtype=float)
        labels = clusters([changes(one.curve.equity) for one in group], ratios)
        means += (np.bincount(labels, ratios) / np.bincount(labels)).tolist()
    return EffectiveTrials(len(means), float(np.var(means, ddof=1)) if len(means) > 1 else 0.0)


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
