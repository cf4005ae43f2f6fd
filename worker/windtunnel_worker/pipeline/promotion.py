"""What of a promoted run comes back: its outcome and rounded figures. Pure.

Its program saw bars that are held out, so nothing that it can write, name, count or time is passed on.
"""

from __future__ import annotations

from windtunnel.contract import Execution, JobSpec, Metrics, Outcome, Promotion, Report, Score
from windtunnel_worker.pipeline.collaborators import Scored
from windtunnel_worker.pipeline.report import with_end

BY_WINDTUNNEL = (Outcome.CANCELLED, Outcome.INFRASTRUCTURE_ERROR)
"""Ends whose message is Windtunnel's own."""
WITHHELD = "What a promoted run says is withheld, as its program saw bars that are held out."
UNSCORABLE = f"It returned no positions that can be scored. {WITHHELD}"
RATIOS = ("sharpe", "sortino", "calmar")
RETURNS = ("total_return", "annual_return", "volatility", "max_drawdown")


def withheld(execution: Execution, spec: JobSpec) -> Execution:
    """What is recorded of a promoted run: how it ended, where, and the positions, which are dropped once scored."""
    message = "" if execution.outcome is Outcome.SUCCEEDED else WITHHELD
    return Execution(
        attempt=execution.attempt,
        outcome=execution.outcome,
        message=execution.message if execution.outcome in BY_WINDTUNNEL else message,
        positions=execution.positions,
        isolation=execution.isolation,
        host=execution.host,
        image=execution.image,
        image_digest=execution.image_digest,
        dataset_digests=spec.dataset_digests,
        host_at_fault=execution.host_at_fault,
        versions=execution.versions,
    )


def with_promotion(report: Report, scored: Scored, programs: int) -> Report:
    """The report of a promoted run that succeeded, with the figures on the bars that are held out."""
    if scored.score is not None and report.promotion is not None:
        return report.model_copy(update={"promotion": _figures(scored.score, report.promotion, programs)})
    outcome = Outcome.INFRASTRUCTURE_ERROR if scored.fault else Outcome.FAILED
    return with_end(report, outcome, scored.fault or UNSCORABLE)


def _figures(score: Score, promotion: Promotion, programs: int) -> Promotion:
    return promotion.model_copy(
        update={
            "first": score.first,
            "bars": score.bars,
            "convention": score.convention,
            "costs": score.costs,
            "metrics": _rounded(score.metrics),
            "benchmark": _rounded(score.benchmark),
            "probabilistic_sharpe": _round(score.probabilistic_sharpe, 2),
            "programs": programs,
        }
    )


def _rounded(metrics: Metrics) -> Metrics:
    """The figures that are known by name; counts of bars and moments would carry as much as a program wants."""
    return Metrics(
        **{name: _round(getattr(metrics, name), 2) for name in RATIOS},
        **{name: _round(getattr(metrics, name), 3) for name in RETURNS},
    )


def _round(value: float | None, places: int) -> float | None:
    """Rounded, and bounded: the digits before the point carry something too."""
    return None if value is None else max(-100.0, min(100.0, round(value, places)))
