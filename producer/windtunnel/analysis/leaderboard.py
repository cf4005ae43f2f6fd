"""Ranks a batch by the scores that Windtunnel computed, and says how much of it luck alone explains.

What a program printed or emitted never affects the ranking; jobs that only did that are listed as self-reported.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import sqrt

from windtunnel.analysis.ledger import Trials, trials_of
from windtunnel.analysis.overfitting import Overfitting, of_blocks
from windtunnel.analysis.significance import haircut, minimum_backtest_years, noise_level, probabilistic_sharpe
from windtunnel.analysis.trials import by_bars, effective
from windtunnel.contract import Outcome, Report, Score, Sight
from windtunnel.texts import probability

SIGNIFICANT = 0.95
NOTHING_EARLIER = Trials()


@dataclass(frozen=True)
class Row:
    """One scored job."""

    rank: int | None
    """From 1; None where `why` says why it has none."""
    report: Report
    score: Score
    deflated: float | None
    """Probability that the Sharpe ratio is higher than the best of all trials reaches by luck."""
    beyond_market: float | None
    """Probability that it is also higher than what it earns by moving with the market. This decides the rank."""
    deflated_effective: float | None
    """The same, with clusters of similar trials counted once."""
    haircut_sharpe: float | None
    """The annual Sharpe ratio that remains after Šidák's correction for all trials."""
    why: str = ""

    @property
    def significant(self) -> bool:
        """Whether it is more than luck and the market at 95 %, counting every trial."""
        return self.beyond_market is not None and self.beyond_market >= SIGNIFICANT

    @property
    def chance(self) -> str:
        """`beyond_market` for people; empty where it is undefined."""
        return probability(self.beyond_market)


@dataclass(frozen=True)
class StageCount:
    """How many jobs passed one stage of a cascade."""

    stage: int
    metric: str
    at_least: float
    asked: int
    """Jobs that ran it."""
    passed: int
    """Jobs that passed it."""


@dataclass(frozen=True)
class Leaderboard:
    """The ranking of a batch."""

    ranked: tuple[Row, ...]
    unranked: tuple[Row, ...]
    """Scored, but without a Sharpe ratio, stopped at a stage of a cascade, or refuted by the look-ahead check."""
    self_reported: tuple[Report, ...]
    """Jobs that succeeded but returned no positions, so that their own figures are unchecked."""
    trials: Trials
    """Of this batch."""
    earlier: Trials
    """Of the same owner on the same datasets, before."""
    effective: Trials
    """The independent ones of this batch: variants of one idea count once."""
    overfitting: Overfitting | None
    """Of the largest group of jobs that were scored over the same bars."""
    noise_level: float | None
    """The annual Sharpe ratio that the best of all trials is expected to reach without skill, over as many bars as the
    best of the ranking has."""
    minimum_years: float | None
    """With fewer years of data, that is expected to be 1 or more."""
    stages: tuple[StageCount, ...] = ()
    """The stages of a cascade, in order; empty without one."""

    @property
    def all_trials(self) -> Trials:
        """The trials of the batch and earlier ones."""
        return self.trials + self.earlier

    @property
    def verdict(self) -> str:
        """The conclusion, in a sentence or two."""
        if not self.ranked:
            stopped = sum(row.report.stopped for row in self.unranked)
            through = "No job came through the stages: all that were scored were stopped."
            if stopped and stopped == len(self.unranked):
                return through
            ahead = any(row.report.refuted for row in self.unranked)
            return f"No job {'is ranked' if ahead else 'has a Sharpe ratio'}{self._why}."
        best, counted = self.ranked[0], self.all_trials.count
        tried = f"{counted:,} trial{'' if counted == 1 else 's'}"
        if self.earlier.count:
            tried += f" ({self.earlier.count:,} of them in other batches or stages)"
        strong = sum(row.significant for row in self.ranked)
        if not strong:
            market = any((row.deflated or 0.0) >= SIGNIFICANT for row in self.ranked)
            reach = "luck and the market's own rise reach" if market else "luck reaches"
            which = "the only trial" if counted == 1 else f"the best of {tried}"
            return f"No result is significant: {which} is within what {reach}."
        is_or_are = "is" if strong == 1 else "are"
        return f"{strong:,} of {tried} {is_or_are} significant; the best with {best.chance}."

    @property
    def _why(self) -> str:
        """Why none is ranked, where it is the same for all jobs."""
        reasons = {
            row.why.replace("it never", "none ever").replace("it looks", "all look").replace("it is not", "none is")
            for row in self.unranked
        }
        if not reasons and self.self_reported:
            reasons = {"none returned positions"}
        if not reasons and self.trials.failed:
            reasons = {"none succeeded"}
        return f": {reasons.pop()}" if len(reasons) == 1 else ""


def leaderboard(reports: Sequence[Report], earlier: Trials = NOTHING_EARLIER) -> Leaderboard:
    """Rank these reports of one batch; `earlier` comes from the owner's ledger."""
    scored = [(one, one.score) for one in reports if one.score is not None and one.outcome is Outcome.SUCCEEDED]
    own = trials_of(reports)
    counted = own + earlier
    groups = effective([score for report, score in scored if not report.refuted])
    rows = [_row(report, score, counted, groups) for report, score in scored]
    defined = sorted((row for row in rows if not row.why), key=_worth, reverse=True)
    return Leaderboard(
        ranked=tuple(replace(row, rank=rank) for rank, row in enumerate(defined, start=1)),
        unranked=tuple(row for row in rows if row.why),
        self_reported=tuple(one for one in reports if _only_says(one)),
        trials=own,
        earlier=earlier,
        effective=groups,
        overfitting=_overfitting(score for report, score in scored if not report.stopped and not report.refuted),
        noise_level=_annual_luck(counted, [row.score for row in (*defined, *rows)]),
        minimum_years=minimum_backtest_years(counted.count, 1.0) if counted.count > 1 else None,
        stages=stage_counts(reports),
    )


def stage_counts(reports: Iterable[Report]) -> tuple[StageCount, ...]:
    """How many jobs came to the end of each stage, and how many went on."""
    found = Counter((run.stage, run.metric, run.at_least, run.passed) for one in reports for run in one.stages)
    kinds = sorted({kind[:3] for kind in found})
    return tuple(StageCount(*kind, found[*kind, True] + found[*kind, False], found[*kind, True]) for kind in kinds)


def _why_unranked(report: Report, score: Score) -> str:
    """Why a job is not ranked; empty if it is."""
    if report.stopped:
        return report.message or "it was stopped at a stage"
    if report.look_ahead and report.refuted:
        return "it looks ahead" if report.look_ahead.sight is Sight.LEAKS else "it is not reproducible"
    return score.undefined.get("sharpe", "undefined") if score.metrics.sharpe is None else ""


def _only_says(report: Report) -> bool:
    return report.outcome is Outcome.SUCCEEDED and report.score is None and report.promotion is None


def _worth(row: Row) -> tuple[float, float]:
    return (row.beyond_market if row.beyond_market is not None else -1.0, row.score.metrics.sharpe or 0.0)


def market_part(score: Score) -> float:
    """The Sharpe ratio per bar that a strategy without skill has from moving with the market, at least 0.

    Positions that are taken at random, but more often long than short, earn a part of what buy and hold earns: the
    correlation with it times its Sharpe ratio. It is what the capital asset pricing model says of a strategy without
    an alpha (Sharpe 1964).
    """
    market = score.benchmark.sharpe_per_bar
    return max(0.0, (score.market_correlation or 0.0) * market) if market is not None else 0.0


def _overfitting(scores: Iterable[Score]) -> Overfitting | None:
    """Of those over the same bars: time is cut into the same parts for all that are compared."""
    groups = by_bars(scores)
    return of_blocks([score.blocks for score in groups[0]]) if groups else None


def _luck(trials: Trials, bars: int) -> float:
    """The Sharpe ratio per bar that the best of these trials is expected to reach without skill over so many bars."""
    return noise_level(trials.count, trials.variance(bars))


def _annual_luck(trials: Trials, scores: Sequence[Score]) -> float | None:
    """The same as an annual ratio, over the bars of the first of these scores."""
    first = next((one for one in scores if one.bars_a_year), None)
    if first is None or first.bars_a_year is None or not trials.scored:
        return None
    return _luck(trials, first.bars) * sqrt(first.bars_a_year)


def _row(report: Report, score: Score, trials: Trials, groups: Trials) -> Row:
    found, why = score.metrics, _why_unranked(report, score)
    if found.sharpe_per_bar is None or found.skewness is None or found.kurtosis is None or report.refuted:
        return Row(None, report, score, None, None, None, None, why)
    moments = (found.sharpe_per_bar, score.bars, found.skewness, found.kurtosis)
    years = score.bars / score.bars_a_year if score.bars_a_year else None
    left = haircut(found.sharpe, years, max(1, trials.count)) if found.sharpe is not None and years else None
    luck = _luck(trials, score.bars)
    return Row(
        None,
        report,
        score,
        probabilistic_sharpe(*moments, benchmark=luck),
        probabilistic_sharpe(*moments, benchmark=luck + market_part(score)),
        probabilistic_sharpe(*moments, benchmark=_luck(groups, score.bars)),
        left,
        why,
    )
