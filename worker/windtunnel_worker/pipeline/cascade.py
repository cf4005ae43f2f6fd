"""Whether a job of a cascade goes on after a stage. Pure: it looks at the score, never at what the program says."""

from __future__ import annotations

from windtunnel.contract import JobSpec, Outcome, Report, Score, StageRun
from windtunnel_worker.pipeline.report import with_end

SHARES = ("total_return", "annual_return", "max_drawdown")
"""Metrics that are shown in percent."""


def with_stage(report: Report, spec: JobSpec) -> Report:
    """The report with what came of the stages so far; if the job must stop, its message says why."""
    if not spec.stages:
        return report
    place = len(spec.passed)
    if place == len(spec.stages) or report.outcome is not Outcome.SUCCEEDED:
        return report.model_copy(update={"stages": spec.passed})
    stage, score = spec.stages[place], report.score
    value = _value(score, stage.metric) if score else None
    run = StageRun(
        stage=place + 1,
        metric=stage.metric,
        at_least=stage.at_least,
        value=value,
        passed=value is not None and value >= stage.at_least,
        datasets=score.datasets if score else (),
        bars=score.bars if score else 0,
    )
    report = report.model_copy(update={"stages": (*spec.passed, run)})
    return report if run.passed else with_end(report, report.outcome, _why(run, len(spec.stages) + 1, report))


def _value(score: Score, metric: str) -> float | None:
    found: float | None = getattr(score if metric == "probabilistic_sharpe" else score.metrics, metric)
    return found


def _why(run: StageRun, stages: int, report: Report) -> str:
    where = f"Stopped after stage {run.stage} of {stages}"
    name = run.metric.replace("_", " ")
    if report.score is None:
        return f"{where}: it returned no positions, so its {name} is not known."
    if run.value is None:
        return f"{where}: its {name} is undefined."
    value, least = _texts(run.metric, run.value, run.at_least)
    return f"{where}: its {name} is {value}, and at least {least} is asked for."


def _texts(metric: str, value: float, least: float) -> tuple[str, str]:
    """A figure and its threshold, with as many digits as tell them apart."""
    texts = ("", "")
    for digits in range(1, 18):
        form = f"z.{digits}%" if metric in SHARES else f"z.{digits + 3}g"
        texts = f"{value:{form}}", f"{least:{form}}"
        if texts[0] != texts[1]:
            break
    return texts
