"""The Celery tasks: claim → call the stage → record → hand on. Arguments are job ids and attempts, nothing else.

Each task may be delivered twice, late or never: what to do is always read from the record, and each record
changes in one Lua call. A job that is not in the state a task expects is passed over.
"""

from __future__ import annotations

import logging
import random
import time
from functools import lru_cache
from typing import Any

from celery import Task, shared_task
from celery.signals import worker_process_init, worker_process_shutdown

from windtunnel.broker import task_name
from windtunnel.contract import Attempt, Execution, Isolation, Job, JobState, Outcome, Verdict
from windtunnel.errors import NotFound, StoreUnavailable
from windtunnel.keyspace import batch_of
from windtunnel.records.redis import Claim, Waiting
from windtunnel.validation import SecurityValidator
from windtunnel_worker.celery.app import monitor_queue
from windtunnel_worker.monitoring.watch import watch
from windtunnel_worker.pipeline.report import build_report
from windtunnel_worker.runtime import owner, publisher, store
from windtunnel_worker.sandbox import Assignment, Executor, Hooks, Stop, Superseded
from windtunnel_worker.sandbox.assignment import RunningSandbox
from windtunnel_worker.settings import host_settings

log = logging.getLogger(__name__)

CELL_CHUNK = 50
"""Jobs of a batch that go to a cell in one message, at most."""
LONGEST_PAUSE_S = 60.0


@lru_cache(maxsize=1)
def _validator() -> SecurityValidator:
    settings = host_settings()
    return SecurityValidator(strict_mode=settings.strict, policies=settings.policies)


@lru_cache(maxsize=1)
def _executor() -> Executor:
    return Executor(host_settings(), f"slot:{owner()}", warm=True)


@worker_process_init.connect
def _prepare_slot(sender: str, **_: object) -> None:
    """In a new slot's process: have a sandbox in hand before the first job arrives."""
    if sender.startswith("execute@"):
        _executor().warm_up()


@worker_process_shutdown.connect
def _leave_slot(**_: object) -> None:
    """Leave no sandbox behind."""
    if _executor.cache_info().currsize:
        _executor().close()


@shared_task(name=task_name("validate"), bind=True)
def validate(self: Task[..., Any], ids: list[str]) -> list[str]:
    """Judge queued jobs. Accepted ones go on along the chain, rejected ones straight to finalize."""
    records, validator = store(), _validator()
    queued = records.waiting(JobState.QUEUED, ids)
    records.record_verdicts([(one.job_id, validator.validate_code(one.job.code, one.job.language)) for one in queued])
    # Those that an earlier delivery judged but did not hand on are here too: its worker may have died in between.
    judged = records.waiting(JobState.VALIDATED, ids)
    rejected = [[one.job_id, one.attempt] for one in judged if one.rejected]
    accepted = [one for one in judged if not one.rejected]
    log.info("action=validated accepted=%d rejected=%d", len(accepted), len(rejected))

    priority = _priority(self)
    if rejected:
        publisher().publish("finalize", [rejected], priority=priority)
    first, *more = _executions(accepted) or [[]]
    if more:
        publisher().publish("execute", more, priority=priority)
    return _along_the_chain(self, first)


def _executions(accepted: list[Waiting]) -> list[list[str]]:
    """Ids by execute message: one for a container, so that a free slot finds the next; a chunk for a cell.

    A chunk's jobs together fit into the time that one task may take.
    """
    chunks: list[list[str]] = []
    room = 0.0
    for one in accepted:
        room -= one.job.limits.timeout_s
        if one.isolation is Isolation.CONTAINER or not chunks or room < 0 or len(chunks[-1]) == CELL_CHUNK:
            chunks.append([])
            room = host_settings().ceiling.timeout_s - one.job.limits.timeout_s
        chunks[-1].append(one.job_id)
    return chunks


@shared_task(name=task_name("execute"), bind=True)
def execute(self: Task[..., Any], ids: list[str]) -> list[list[Any]]:
    """Run one attempt of each job. Returns id and attempt of those that wait to be finalized."""
    ended = []
    for name in ids:
        attempt = _run_attempt(name, _priority(self))
        if attempt is not None:
            ended.append([name, attempt])
    return _along_the_chain(self, ended)


@shared_task(name=task_name("finalize"))
def finalize(attempts: list[list[Any]]) -> None:
    """Write the one final report of each attempt that is still its job's current one."""
    records = store()
    for name, attempt in attempts:
        try:
            record = records.record(name)
        except NotFound:
            continue  # its lifetime is over
        if record.attempt != attempt or record.state is JobState.FINISHED:
            continue
        report, summary = build_report(record, records.samples(name, attempt))
        if records.finish(report, summary):
            log.info("action=finished job=%s attempt=%d outcome=%s", name, attempt, report.outcome.value)


@shared_task(name=task_name("monitor"), acks_late=False)
def monitor(name: str, attempt: int, container_id: str, pid: int, deadline: float) -> int:
    """Sample a running sandbox into Redis until it is gone. Returns the number of samples."""
    settings = host_settings()
    count = 0
    for sample in watch(container_id, pid, settings.cgroup_root, settings.sample_interval_s, deadline):
        if not store().is_running(name, attempt):  # a cell outlives its job
            break
        store().add_samples(name, attempt, [sample])
        count += 1
    return count


def _along_the_chain(task: Task[..., Any], what: list[Any]) -> list[Any]:
    """Pass this to the chain's next task, or end the chain where there is nothing to pass."""
    if not what:
        task.request.chain = None
    return what


def _priority(task: Task[..., Any]) -> int:
    return int((task.request.delivery_info or {}).get("priority") or 0)


def _run_attempt(name: str, priority: int) -> int | None:
    """Claim and run; the attempt to finalize, or None where there is nothing to finalize (yet)."""
    settings, records = host_settings(), store()
    claim = records.claim(name, owner(), settings.lease_s, settings.max_attempts)
    if claim is None:
        return None
    if claim.held_s:
        # The message came again. If that is because its worker died, the lease runs out and the job is free.
        publisher().publish("execute", [[name]], priority=priority, countdown=claim.held_s + 1)
        return None
    if claim.job is None:
        return claim.attempt
    return _run_claimed(name, claim, claim.job)


def _run_claimed(name: str, claim: Claim, job: Job) -> int | None:
    """Run the attempt that was claimed and record what it did."""
    records = store()
    log.info("action=claimed job=%s attempt=%d", name, claim.attempt)
    verdict = records.verdict(name)
    try:
        if verdict is None or not verdict.safe or verdict.code_sha256 != job.code_sha256:
            execution = _refusal(claim.attempt)
        else:
            execution = _execute(name, claim, job, verdict)
    except Superseded:
        log.warning("action=superseded job=%s attempt=%d", name, claim.attempt)
        return None
    if execution.outcome is Outcome.INFRASTRUCTURE_ERROR and _try_again(name, execution, job.priority):
        return None
    return claim.attempt if records.record_execution(name, execution) else None


def _refusal(attempt: int) -> Execution:
    """For a record that was changed from outside: its code is not what was judged, so it does not run."""
    message = "The program is not the one that was validated, so it did not run. Submit it again."
    return Execution(attempt=attempt, outcome=Outcome.REJECTED, message=message, host=host_settings().host)


def _execute(name: str, claim: Claim, job: Job, verdict: Verdict) -> Execution:
    attempt = claim.attempt
    lease = _Lease(name, attempt, host_settings().lease_s)
    deadline = time.time() + job.limits.timeout_s

    def watched(sandbox: RunningSandbox) -> None:
        monitor.apply_async(
            (name, attempt, sandbox.id, sandbox.pid, deadline),
            queue=monitor_queue(host_settings().host),
            expires=job.limits.timeout_s,
        )

    assignment = Assignment(name, attempt, job, verdict.imports, claim.isolation, batch_of(name))
    return _executor().execute(
        assignment, Hooks(lasting=watched, stop=lambda: None if lease.held() else Stop.SUPERSEDED)
    )


def _try_again(name: str, execution: Execution, priority: int) -> bool:
    """After a fault of ours: give the job back and wake a slot for it after a pause with jitter."""
    settings = host_settings()
    summary = Attempt(
        number=execution.attempt, outcome=execution.outcome, message=execution.message, host=execution.host
    )
    if not store().release(name, summary, settings.max_attempts):
        return False
    pause = min(settings.retry_pause_s * 2 ** (execution.attempt - 1), LONGEST_PAUSE_S)
    log.warning("action=retry job=%s attempt=%d reason=%s", name, execution.attempt, execution.message)
    countdown = pause * random.uniform(0.5, 1.5)  # noqa: S311 - jitter
    publisher().publish("execute", [[name]], priority=priority, countdown=countdown)
    return True


class _Lease:
    """Renews the lease of an attempt, a third of its length apart."""

    def __init__(self, name: str, attempt: int, length_s: float) -> None:
        self._name, self._attempt, self._length_s = name, attempt, length_s
        self._renewed = time.monotonic()

    def held(self) -> bool:
        """False once the attempt is no longer ours. Redis may be away for less than the lease's length."""
        silent = time.monotonic() - self._renewed
        if silent < self._length_s / 3:
            return True
        try:
            ours = store().heartbeat(self._name, self._attempt, self._length_s)
        except StoreUnavailable:
            return silent < self._length_s
        self._renewed = time.monotonic()
        return ours
