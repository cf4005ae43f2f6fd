"""Builds the final report of a job from its record and its samples. Pure."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib.metadata import version

from windtunnel.contract import (
    Attempt,
    Execution,
    Outcome,
    Record,
    Report,
    Resources,
    Sample,
    SecurityLevel,
    Timings,
    Verdict,
)
from windtunnel.keyspace import batch_of
from windtunnel_worker.pipeline.advice import advise

VERSIONS = {
    "windtunnel": version("windtunnel"),
    "celery": version("celery"),
    "worker_python": platform.python_version(),
}


def build_report(record: Record, samples: Sequence[Sample]) -> tuple[Report, Attempt]:
    """The report and, for the history, its attempt in a few words."""
    job, verdict = record.job, record.verdict
    execution = _with_advice(record.execution) if record.execution else None
    outcome, message = _end(verdict, execution)
    summary = Attempt(
        number=record.attempt,
        outcome=outcome,
        message=message,
        host=execution.host if execution else "",
        started_at=execution.started_at if execution else None,
        duration_s=execution.resources.duration_s if execution else 0.0,
    )
    resources = _merged(execution.resources, samples) if execution else Resources()
    report = Report(
        job_id=record.job_id,
        batch_id=batch_of(record.job_id),
        name=job.name,
        language=job.language,
        outcome=outcome,
        message=message,
        validation=verdict,
        execution=execution,
        resources=resources,
        attempts=(*record.attempts, summary),
        timings=_timings(record, execution),
        params=job.params,
        seed=job.seed,
        labels=job.labels,
        limits=job.limits,
        code_sha256=job.code_sha256,
        image_digest=execution.image_digest if execution else "",
        dataset_digests=execution.dataset_digests if execution else {},
        versions={**VERSIONS, **(execution.versions if execution else {})},
        submitted_at=record.times["submitted_at"],
        finished_at=record.now,
    )
    return report, summary


def _end(verdict: Verdict | None, execution: Execution | None) -> tuple[Outcome, str]:
    if verdict is not None and not verdict.safe:
        return Outcome.REJECTED, _rejection(verdict)
    if execution is None:
        return Outcome.LOST, "Every attempt's worker died. Retry the job; the operator finds why in the logs."
    message = execution.message
    if execution.error and execution.error.advice and execution.outcome is Outcome.FAILED:
        message = f"{message.removesuffix('.')}. {execution.error.advice}"
    return execution.outcome, message


def _rejection(verdict: Verdict) -> str:
    worst = [issue for issue in verdict.issues if issue.severity >= SecurityLevel.HIGH]
    first = worst[0]
    more = f" And {len(worst) - 1} more." if len(worst) > 1 else ""
    return f"Line {first.line}: {first.message} {first.fix}{more}"


def _with_advice(execution: Execution) -> Execution:
    if execution.error is None:
        return execution
    error = execution.error.model_copy(update={"advice": advise(execution.error)})
    return execution.model_copy(update={"error": error})


def _merged(own: Resources, samples: Sequence[Sample]) -> Resources:
    """The executor's own readings, with peaks and the memory's average refined by the monitor's samples."""
    if not samples:
        return own
    memory = [sample.memory_mb for sample in samples]
    return own.model_copy(
        update={
            "cpu_percent_peak": max(own.cpu_percent_peak, *(sample.cpu_percent for sample in samples)),
            "memory_mb_average": round(sum(memory) / len(memory), 2),
            "memory_mb_peak": max(own.memory_mb_peak, *memory),
            "processes_peak": max(own.processes_peak, *(sample.processes for sample in samples)),
            "samples": len(samples),
        }
    )


def _timings(record: Record, execution: Execution | None) -> Timings:
    times = {**record.times, "now": record.now}

    def between(start: str, end: str) -> float | None:
        if start not in times or end not in times:
            return None
        return round((times[end] - times[start]).total_seconds(), 4)

    return Timings(
        queued_s=between("submitted_at", "validating_at"),
        validate_s=round(record.verdict.duration_ms / 1000, 6) if record.verdict else None,
        waiting_s=between("validated_at", "claimed_at"),
        prepare_s=execution.prepare_s if execution else None,
        execute_s=execution.resources.duration_s if execution else None,
        finalize_s=between("executed_at", "now"),
        total_s=round((record.now - times["submitted_at"]).total_seconds(), 4),
    )
