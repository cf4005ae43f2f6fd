"""Builds the final report of a job from its record and its samples. Pure."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version

from windtunnel.analysis.failures import failure_of
from windtunnel.contract import (
    Attempt,
    Execution,
    JobSpec,
    Limits,
    Outcome,
    Promotion,
    Record,
    Report,
    Resources,
    Sample,
    Timings,
)
from windtunnel.keyspace import batch_of
from windtunnel.records.codec import ProgramKey, summary_of
from windtunnel.records.reports import Unfinished
from windtunnel.validation.remedies import for_job, rejection
from windtunnel.wake import DEFAULT_POOL
from windtunnel_worker.pipeline.advice import advise
from windtunnel_worker.pipeline.collaborators import Scored

CHECKED = "The look-ahead check runs the program again, up to about thirty times, all within this limit."
VERSIONS = {
    "windtunnel": version("windtunnel"),
    "celery": version("celery"),
    "worker_python": platform.python_version(),
}


def build_report(record: Record, samples: Sequence[Sample]) -> Report:
    """The report; its last attempt is the one that ended."""
    spec = _spec(record)
    execution = _for_readers(record.execution, spec.datasets) if record.execution else None
    outcome, message = _end(record, execution, spec)
    resources = _merged(execution.resources, samples) if execution else Resources()
    report = Report(
        job_id=record.job_id,
        batch_id=batch_of(record.job_id),
        name=spec.name,
        language=record.language or spec.language,
        outcome=outcome,
        message=message,
        validation=for_job(record.verdict, spec.datasets) if record.verdict else None,
        execution=execution,
        resources=resources,
        timings=_timings(record, execution),
        params=spec.params,
        aliases=spec.aliases,
        seed=spec.seed,
        labels=spec.labels,
        limits=spec.limits,
        scoring=spec.scoring,
        stage_count=1 + len(spec.stages),
        promotion=Promotion(holdouts=spec.holdouts) if spec.holdouts else None,
        image=spec.image,
        pool=spec.pool,
        code_sha256=record.code_sha256,
        image_digest=execution.image_digest if execution else "",
        dataset_digests=(execution and execution.dataset_digests) or spec.dataset_digests,
        versions={**VERSIONS, **(execution.versions if execution else {})},
        submitted_at=record.submitted_at,
        finished_at=record.now,
    )
    return _completed(report, record.attempts, record.attempt)


def copied_report(record: Record, source: Report) -> Report:
    """The report of a job that an equal one ran for: that one's result under this one's names."""
    spec = _spec(record)
    return source.model_copy(
        update={
            "job_id": record.job_id,
            "batch_id": batch_of(record.job_id),
            "name": spec.name,
            "labels": spec.labels,
            "cached_from": source.job_id,
            "timings": _timings(record, None),
            "submitted_at": record.submitted_at,
            "finished_at": record.now,
            "failure": source.failure or failure_of(source),
            "attempts": (*record.attempts, summary_of(source, record.attempt)),
        }
    )


def pool_of(record: Record) -> str:
    """Whose slots serve a job."""
    return record.spec.pool if record.spec else DEFAULT_POOL


def with_score(report: Report, scored: Scored) -> Report:
    """The report of a job that returned positions, with what came of them."""
    found: dict[str, object] = {
        "score": scored.score,
        "positions_sha256": scored.positions_sha256,
        "look_ahead": scored.look_ahead,
    }
    report = report.model_copy(update=found)
    if scored.refusal or scored.fault:
        outcome = Outcome.FAILED if scored.refusal else Outcome.INFRASTRUCTURE_ERROR
        return with_end(report, outcome, scored.refusal or scored.fault)
    return report


def with_end(report: Report, outcome: Outcome, message: str) -> Report:
    """The report with another outcome and message."""
    report = report.model_copy(update={"outcome": outcome, "message": message})
    return _completed(report, report.attempts[:-1], report.summary.number)


def unreadable_report(job: Unfinished, message: str) -> Report:
    """The report of a job whose record is broken: it says so, or that the job was cancelled, and the batch can end."""
    cancelled = job.outcome == Outcome.CANCELLED.encode()
    now = datetime.fromtimestamp(job.now_ms / 1000, UTC)
    sha256, language, _ = ProgramKey.read(job.program)
    report = Report(
        job_id=job.job_id,
        batch_id=batch_of(job.job_id),
        name="unreadable",
        language=language,
        outcome=Outcome.CANCELLED if cancelled else Outcome.INFRASTRUCTURE_ERROR,
        message=job.message.decode(errors="replace") if cancelled else f"{message} Submit the job again.",
        timings=Timings(total_s=0.0),
        limits=Limits(),
        code_sha256=sha256,
        versions=VERSIONS,
        submitted_at=now,
        finished_at=now,
    )
    return _completed(report, (), job.attempt)


def _spec(record: Record) -> JobSpec:
    """What was submitted; of a job that its producer never wrote, or whose spec cannot be read, the defaults."""
    return record.spec or JobSpec(name="unwritten")


def _completed(report: Report, earlier: Sequence[Attempt], attempt: int) -> Report:
    """With what follows from the rest of it: why it failed, and its attempt among the earlier ones."""
    attempts = (*earlier, summary_of(report, attempt))
    return report.model_copy(update={"failure": failure_of(report), "attempts": attempts})


def _end(record: Record, execution: Execution | None, spec: JobSpec) -> tuple[Outcome, str]:
    verdict = record.verdict
    if execution is None:
        if record.outcome is Outcome.REJECTED and verdict is not None and not verdict.safe:
            return Outcome.REJECTED, rejection(verdict, spec.datasets)
        return record.outcome, record.message or "Its end was recorded without a reason. Retry the job."
    message = record.message or execution.message
    if execution.error and execution.error.advice and execution.outcome is Outcome.FAILED:
        message = f"{message.removesuffix('.')}. {execution.error.advice}"
    if spec.check_lookahead and execution.outcome in (Outcome.TIMED_OUT, Outcome.CPU_EXCEEDED):
        message = f"{message.removesuffix('.')}. {CHECKED}"
    return execution.outcome, message


def _for_readers(execution: Execution, datasets: Sequence[str]) -> Execution:
    """With advice, and without positions: what came of them is the score."""
    error = execution.error and execution.error.model_copy(update={"advice": advise(execution.error, datasets)})
    return execution.model_copy(update={"error": error, "positions": "", "probe_runs": ()})


def _merged(own: Resources, samples: Sequence[Sample]) -> Resources:
    """The executor's own readings, with peaks of the monitor's samples too, and the average of whichever are more."""
    if not samples:
        return own
    finer = len(samples) >= own.samples
    memory = [sample.memory_mb for sample in samples]
    return own.model_copy(
        update={
            "cpu_percent_peak": max(own.cpu_percent_peak, *(sample.cpu_percent for sample in samples)),
            "memory_mb_average": round(sum(memory) / len(memory), 2) if finer else own.memory_mb_average,
            "memory_mb_peak": max(own.memory_mb_peak, *memory),
            "processes_peak": max(own.processes_peak, *(sample.processes for sample in samples)),
            "samples": max(own.samples, len(samples)),
        }
    )


def _timings(record: Record, execution: Execution | None) -> Timings:
    submitted, validated = record.submitted_at, record.when("validated")
    ready = record.when("advanced") or validated
    claimed, executed = record.when("claimed"), record.when("executed")

    def between(start: datetime | None, end: datetime | None) -> float | None:
        return round((end - start).total_seconds(), 4) if start and end else None

    return Timings(
        queued_s=between(submitted, validated),
        validate_s=round(record.verdict.duration_ms / 1000, 6) if record.verdict else None,
        waiting_s=between(ready, claimed),
        prepare_s=execution.prepare_s if execution else None,
        execute_s=execution.resources.duration_s if execution else None,
        finalize_s=between(executed, record.now),
        total_s=round((record.now - submitted).total_seconds(), 4),
    )
