"""Defines what a trial is, and adds trials up.

Every score ever computed for an owner on a dataset counts as a trial in that owner's later batches on it, so that a
search split into many batches is judged as one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from windtunnel.contract import Outcome, Report


@dataclass(frozen=True)
class Trials:
    """Numbers about trials, which can be added."""

    scored: int = 0
    """Trials with a Sharpe ratio."""
    flat: int = 0
    """Trials that returned positions but have no Sharpe ratio; they count too."""
    failed: int = 0
    """Programs that returned no positions; reported, but not counted."""
    mean: float = 0.0
    """Of the Sharpe ratios per bar."""
    squares: float = 0.0
    """Sum of the squared distances from the mean."""

    @property
    def count(self) -> int:
        """Trials that the best was chosen from."""
        return self.scored + self.flat

    @property
    def variance(self) -> float:
        """Of the Sharpe ratios per bar (sample variance); 0 for fewer than two."""
        return self.squares / (self.scored - 1) if self.scored > 1 else 0.0

    def __add__(self, other: Trials) -> Trials:
        scored = self.scored + other.scored
        apart = other.mean - self.mean
        return Trials(
            scored,
            self.flat + other.flat,
            self.failed + other.failed,
            self.mean + apart * other.scored / scored if scored else 0.0,
            self.squares + other.squares + (apart**2 * self.scored * other.scored / scored if scored else 0.0),
        )

    @classmethod
    def of(cls, sharpes: Iterable[float | None], failed: int = 0) -> Trials:
        """From Sharpe ratios per bar; None is a flat trial."""
        values = list(sharpes)
        known = [value for value in values if value is not None]
        mean = sum(known) / len(known) if known else 0.0
        return cls(len(known), len(values) - len(known), failed, mean, sum((value - mean) ** 2 for value in known))


@dataclass(frozen=True)
class Ledger:
    """All trials that an owner ever made on a dataset."""

    known: Mapping[str, float | None]
    """Sharpe ratio per bar by the trial's digest; None where it is undefined."""
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


def sharpes_of(reports: Iterable[Report]) -> dict[str, float | None]:
    """Sharpe ratio per bar of each distinct trial with a score, by its digest; None where it is undefined."""
    return {
        trial_of(report): report.score.metrics.sharpe_per_bar
        for report in reports
        if report.score is not None and report.outcome is Outcome.SUCCEEDED
    }


def trials_of(reports: Iterable[Report]) -> Trials:
    """The trials of one batch."""
    found = list(reports)
    failed = sum(report.outcome is not Outcome.SUCCEEDED for report in found)
    return Trials.of(sharpes_of(found).values(), failed)
