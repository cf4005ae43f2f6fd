"""Defines what a trial is, and adds trials up.

Every score ever computed for an owner on a dataset counts as a trial in that owner's later batches on it, so that a
search split into many batches is judged as one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from windtunnel.contract import Outcome, Report, Score


class Sharpe(NamedTuple):
    """A measured Sharpe ratio. The fewer bars, the further luck alone takes it from the true one."""

    per_bar: float
    bars: int


@dataclass(frozen=True)
class Trials:
    """Numbers about trials, which can be added.

    A Sharpe ratio that was measured on few bars varies more than one on many, by `1 / bars`. So each one has its bars
    as its weight, and trials of every length, such as the stages of a cascade, say together how far luck goes.
    """

    scored: int = 0
    """Trials with a Sharpe ratio."""
    flat: int = 0
    """Trials that returned positions but have no Sharpe ratio, or one that a check refuted; they count too."""
    failed: int = 0
    """Programs that returned no positions; reported, but not counted."""
    bars: int = 0
    """Of all trials with a Sharpe ratio together."""
    mean: float = 0.0
    """Of the Sharpe ratios per bar, each with its bars as its weight."""
    squares: float = 0.0
    """Sum of the squared distances from the mean, each times its bars."""

    @property
    def count(self) -> int:
        """Trials that the best was chosen from."""
        return self.scored + self.flat

    def variance(self, bars: int) -> float:
        """Of the Sharpe ratios per bar (sample variance), if each were measured on so many; 0 for fewer than two."""
        return self.squares / (self.scored - 1) / bars if self.scored > 1 else 0.0

    def __add__(self, other: Trials) -> Trials:
        bars = self.bars + other.bars
        share = other.bars / bars if bars else 0.0
        apart = other.mean - self.mean
        return Trials(
            self.scored + other.scored,
            self.flat + other.flat,
            self.failed + other.failed,
            bars,
            self.mean + apart * share,
            self.squares + other.squares + apart**2 * self.bars * share,
        )

    @classmethod
    def of(cls, sharpes: Iterable[Sharpe | None], failed: int = 0) -> Trials:
        """From what was measured; None is a flat trial."""
        values = list(sharpes)
        known = [value for value in values if value is not None]
        bars = sum(one.bars for one in known)
        mean = sum(one.per_bar * one.bars for one in known) / bars if bars else 0.0
        squares = sum((one.per_bar - mean) ** 2 * one.bars for one in known)
        return cls(len(known), len(values) - len(known), failed, bars, mean, squares)


@dataclass(frozen=True)
class Ledger:
    """All trials that an owner ever made on a dataset."""

    known: Mapping[str, Sharpe | None]
    """The Sharpe ratio by the trial's digest; None where it is undefined."""
    more: Trials = Trials()
    """Those beyond 100,000, of which only the figures are kept."""

    @property
    def trials(self) -> Trials:
        """All of them in numbers."""
        return Trials.of(self.known.values()) + self.more


def trial_of(report: Report) -> str:
    """The trial's digest: the same program on the same data with the same parameters and the same result is one trial.

    A program with random results makes a new trial each time it runs.
    """
    score = report.score
    what = (
        report.code_sha256,
        report.params,
        report.seed,
        sorted(report.dataset_digests.items()),
        [score.convention, score.costs, score.bars, score.metrics.sharpe_per_bar] if score else None,
    )
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def sharpes_of(reports: Iterable[Report]) -> dict[str, Sharpe | None]:
    """The Sharpe ratio of each distinct trial with a score, by its digest; None where it is undefined."""
    return {
        trial_of(report): measured(report)
        for report in reports
        if report.score is not None and report.outcome is Outcome.SUCCEEDED
    }


def measured(report: Report) -> Sharpe | None:
    """The Sharpe ratio of a report; None where it is undefined, or refuted by the look-ahead check."""
    return None if report.score is None or report.refuted else sharpe_of(report.score)


def sharpe_of(score: Score) -> Sharpe | None:
    """The Sharpe ratio of a score; None where it is undefined."""
    ratio = score.metrics.sharpe_per_bar
    return None if ratio is None else Sharpe(ratio, score.bars)


def trials_of(reports: Iterable[Report]) -> Trials:
    """The trials of one batch."""
    found = list(reports)
    failed = sum(report.outcome is not Outcome.SUCCEEDED for report in found)
    return Trials.of(sharpes_of(found).values(), failed)
