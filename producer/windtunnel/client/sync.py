"""The trading app's face: submit, follow, read, retry, cancel. May import contract, settings, records and broker."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, NewType, Self, overload

from windtunnel.broker import Broker
from windtunnel.client import artifacts
from windtunnel.client.datasets import Datasets
from windtunnel.client.pruning import Pruned, prune
from windtunnel.client.resolution import resolve
from windtunnel.contract import (
    Batch,
    BatchStatus,
    DeadLetter,
    Event,
    HostStatus,
    Isolation,
    Job,
    JobState,
    JobStatus,
    Limits,
    Outcome,
    Report,
    Transition,
)
from windtunnel.errors import FieldProblem, InvalidInput, NotFound, UnreadableRecord, WaitTimeout
from windtunnel.keyspace import batch_of, job_id
from windtunnel.records import Records, records_of
from windtunnel.records.reading import unknown
from windtunnel.records.submissions import Prepared, prepare
from windtunnel.settings import Settings, client_settings
from windtunnel.store import Store
from windtunnel.telemetry import current_trace
from windtunnel.wake import Wake

log = logging.getLogger(__name__)
audit = logging.getLogger("windtunnel.audit")
"""Who submitted, retried and cancelled what; the app decides where it goes."""

JobId = NewType("JobId", str)
BatchId = NewType("BatchId", str)

BLOCK_S = 5.0
"""How long one read of the event stream waits in Redis; below the socket's timeout."""
JOBS_A_MESSAGE, MOST_MESSAGES = 1000, 8
"""A validator goes on until nothing is queued: a few messages set all of them going."""
UNSUCCESSFUL = tuple(outcome for outcome in Outcome if outcome is not Outcome.SUCCEEDED)


def is_job(name: str) -> bool:
    """True for a job's id, False for a batch's."""
    return "-" in name


class Client:
    """Talks to one Windtunnel through its Redis. Safe to share between threads; close it or use `with`.

    `redis_url` overrides `WINDTUNNEL_REDIS_URL`. Every method raises `StoreUnavailable` when Redis does not
    answer.
    """

    def __init__(
        self,
        redis_url: str | None = None,
        *,
        settings: Settings | None = None,
        records: Records | None = None,
        broker: Wake | None = None,
        store: Store | None = None,
    ) -> None:
        self._settings = settings or client_settings()
        url = redis_url or self._settings.redis_url.get_secret_value()
        self._records = records or records_of(self._settings, url)
        self._broker: Wake = broker or Broker(url)
        self._store = store or Store(self._settings.store_url.get_secret_value())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give all connections back."""
        self._records.close()
        self._broker.close()

    @property
    def who(self) -> str:
        """As whom this client is named in a job's history."""
        return f"client:{self._settings.owner}"

    @cached_property
    def datasets(self) -> Datasets:
        """The datasets of this deployment: add, list, show, verify, remove, restore."""
        most = self._settings.dataset_max_mb * 2**20
        return Datasets(self._records.catalogue, lambda: self._store, max_bytes=most, who=self.who)

    # -- submitting ----------------------------------------------------------------------------------

    def submit(self, job: Job | Mapping[str, Any]) -> JobId:
        """Store one job and set it going. Returns its id; the same one for the same idempotency key.

        Raises `InvalidInput` (names the field), `IdempotencyConflict`, `QueueFull`: nothing is stored then.
        """
        job = _as_job(job)
        batch = Batch(jobs=(job,), name=job.name, owner=self._settings.owner, idempotency_key=job.idempotency_key)
        return JobId(job_id(self._submit(batch, "job"), 0))

    def submit_batch(
        self,
        jobs: Batch | Iterable[Job | Mapping[str, Any]],
        *,
        name: str = "batch",
        isolation: Isolation | str = Isolation.CONTAINER,
        owner: str | None = None,
        max_running: int | None = None,
        idempotency_key: str | None = None,
    ) -> BatchId:
        """Store many jobs as one batch and set them going. Returns the batch's id.

        `isolation="cell"` is for bulk: several times the throughput, and jobs of the batch share a container, one
        after the other (see `Isolation`). `owner` (default: `WINDTUNNEL_OWNER`) is who shares the slots fairly with
        other owners; `max_running` is how many of the jobs may run at the same time.

        With an idempotency key, a call that was cut off may be made again: what is missing is completed and
        nothing runs twice. Raises as `submit` does.
        """
        if not isinstance(jobs, Batch):
            jobs = Batch(
                jobs=tuple(_as_job(job, f"jobs.{index}.") for index, job in enumerate(jobs)),
                name=name,
                isolation=isolation,
                owner=owner or self._settings.owner,
                max_running=max_running,
                idempotency_key=idempotency_key,
            )
        problems = [
            FieldProblem(f"jobs.{index}.idempotency_key", "give the batch a key, not a job within it")
            for index, job in enumerate(jobs.jobs)
            if job.idempotency_key is not None
        ]
        if problems:
            raise InvalidInput(problems, remedy="Nothing was stored.")
        return self._submit(jobs, "batch")

    def _submit(self, batch: Batch, kind: str) -> BatchId:
        _check_ceiling(batch.jobs, self._settings.ceiling, "" if kind == "job" else "jobs.{index}.")
        prepared: Sequence[Prepared] = prepare(batch.jobs, resolve(batch.jobs, self._records.catalogue))
        # Ids sort by time: where batches are otherwise equal, the older one is served first.
        fresh = f"{time.time_ns() // 10**6:011x}{secrets.token_hex(4)}"
        opened = self._records.submissions.open(fresh, batch, kind, self._settings.max_unfinished)
        if opened.written < len(prepared):
            if traceparent := current_trace():
                self._records.submissions.note_trace(opened, traceparent)
            self._records.submissions.write(opened, prepared, f"client:{batch.owner}")
            audit.info("action=submitted batch=%s jobs=%d who=%s", opened.batch_id, len(prepared), batch.owner)
            self._broker.validate(opened.batch_id, min(MOST_MESSAGES, 1 + len(prepared) // JOBS_A_MESSAGE))
        return BatchId(opened.batch_id)

    # -- reading -------------------------------------------------------------------------------------

    @overload
    def status(self, name: JobId) -> JobStatus: ...
    @overload
    def status(self, name: BatchId) -> BatchStatus: ...
    @overload
    def status(self, name: str) -> JobStatus | BatchStatus: ...
    def status(self, name: str) -> JobStatus | BatchStatus:
        """Where a job or a batch stands; `NotFound` if there is none."""
        reading = self._records.reading
        return reading.job_statuses([name])[0] if is_job(name) else reading.batch_status(name)

    def jobs(self, batch: str) -> list[JobStatus]:
        """Where each job of a batch stands, in the order of submission."""
        return self._records.reading.job_statuses(self._job_ids(batch))

    def batches(self, count: int = 20) -> list[BatchStatus]:
        """The newest batches, newest first."""
        found = []
        for name in self._records.reading.batch_ids(count):
            try:
                found.append(self._records.reading.batch_status(name))
            except NotFound:
                continue  # its lifetime may end before that of its place in the list
        return found

    def history(self, job: str) -> tuple[Transition, ...]:
        """Every transition of a job, who made it and when, oldest first."""
        return self._records.reading.history(job)

    def stream(self, batch: str, *, after: str = "0", timeout: float | None = None) -> Iterator[Event]:
        """Yield the batch's events as they come, until every job has its report.

        Give the `id` of the last event you saw as `after` to resume. `timeout` is in seconds for the whole
        stream; `WaitTimeout` when it passes.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            done = self._records.reading.batch_status(batch).done
            block = 0.001 if done else _remaining(deadline, batch)
            events = self._records.reading.events(batch, after, block)
            for event in events:
                after = event.id
                yield event
            if done and not events:
                return

    @overload
    def wait(self, name: JobId, *, timeout: float | None = None) -> Report: ...
    @overload
    def wait(self, name: BatchId, *, timeout: float | None = None) -> BatchStatus: ...
    @overload
    def wait(self, name: str, *, timeout: float | None = None) -> Report | BatchStatus: ...
    def wait(self, name: str, *, timeout: float | None = None) -> Report | BatchStatus:
        """Wait for a job's report, or until every job of a batch has one.

        `timeout` is in seconds; `WaitTimeout` when it passes, and the work goes on.
        """
        batch = batch_of(name) if is_job(name) else name
        deadline = None if timeout is None else time.monotonic() + timeout
        after = self._records.reading.last_event(batch)
        while True:
            status = self.status(name)
            if isinstance(status, BatchStatus) and status.done:
                return status
            if isinstance(status, JobStatus) and status.state is JobState.FINISHED:
                return self.report(name)
            for event in self._records.reading.events(batch, after, _remaining(deadline, name)):
                after = event.id

    def report(self, job: str) -> Report:
        """The final report of a job; `NotFound` while it has none."""
        if not is_job(job):
            raise unknown("job", job)
        return self._records.reports.report(job)

    def reports(self, batch: str) -> Iterator[Report]:
        """The final reports of a batch, in the order of submission; jobs without one are passed over."""
        ids = self._job_ids(batch)
        for start in range(0, len(ids), JOBS_A_MESSAGE):
            for found in self._records.reports.reports(ids[start : start + JOBS_A_MESSAGE]):
                if isinstance(found, Report):
                    yield found
                elif isinstance(found, UnreadableRecord):
                    log.warning("action=unreadable-report batch=%s reason=%s", batch, found)

    def artifact(self, job: str, name: str) -> bytes:
        """A file that the job's program left; `NotFound` where there is none of this name, or it is no longer kept."""
        report = self.report(job)
        return artifacts.read(self._store, job, artifacts.find(report, name))

    def save_artifacts(self, job: str, folder: Path | str) -> list[Path]:
        """Write the files that the job's program left into a folder. Returns where they are now.

        Names are the program's own: what is no plain file name is changed to one.
        """
        return artifacts.save(self._store, self.report(job), Path(folder))

    def prune_store(self, *, really: bool = True) -> Pruned:
        """Remove bytes from the store that no dataset has and no report can name any more; see `client.pruning`."""
        return prune(self._store, self._records.catalogue, self._settings.retention_s, really=really)

    def _job_ids(self, batch: str) -> list[str]:
        return [job_id(batch, index) for index in range(self._records.reading.batch_status(batch).total)]

    # -- changing ------------------------------------------------------------------------------------

    def retry(self, name: str, *, outcomes: Iterable[Outcome] | None = None) -> list[JobId]:
        """Run finished jobs again, each as a new attempt; earlier attempts stay in the report.

        Without `outcomes`: a single job whatever its outcome, of a batch all that did not succeed. Returns
        the ids of the jobs that were queued again.
        """
        if outcomes is None:
            outcomes = tuple(Outcome) if is_job(name) else UNSUCCESSFUL
        wanted = frozenset(outcomes)
        reports = [self.report(name)] if is_job(name) else self.reports(name)
        retry = self._records.submissions.retry
        again = [JobId(report.job_id) for report in reports if report.outcome in wanted and retry(report, self.who)]
        audit.info("action=retried name=%s jobs=%d who=%s", name, len(again), self.who)
        if again:
            self._broker.validate(batch_of(again[0]), min(MOST_MESSAGES, 1 + len(again) // JOBS_A_MESSAGE))
        return again

    def cancel(self, name: str) -> int:
        """Cancel a job, or all of a batch that has not ended: what waits at once, what runs within two seconds.

        Each ends in a report with the outcome `cancelled`. Returns how many jobs that is about.
        """
        submissions = self._records.submissions
        if is_job(name):
            self.status(name)
            ids = [name]
        else:
            ids = [job_id(name, index) for index in range(submissions.close_batch(name, self.who))]
        ended, told, wake = submissions.cancel(ids, self.who)
        audit.info("action=cancelled name=%s jobs=%d who=%s", name, ended + told, self.who)
        if wake:
            self._broker.finalize()
        return ended + told

    # -- the machinery -------------------------------------------------------------------------------

    def hosts(self) -> list[HostStatus]:
        """Every execution host that was seen within the last day."""
        return self._records.hosts.all()

    def drain(self, host: str) -> None:
        """Have a host finish what it runs and take no further work; `NotFound` if nobody knows it."""
        self._records.hosts.drain(host, self.who)

    def undrain(self, host: str) -> None:
        """Have a host take work again, also one that paused itself."""
        self._records.hosts.undrain(host)

    def dead_letters(self, count: int = 100) -> list[DeadLetter]:
        """Messages that no worker could read, newest first."""
        return self._records.care.dead_letters(count)


def _as_job(job: Job | Mapping[str, Any], path: str = "") -> Job:
    if isinstance(job, Job):
        return job
    try:
        return Job(**job)
    except InvalidInput as error:
        problems = [FieldProblem(path + problem.field, problem.message) for problem in error.problems]
        raise InvalidInput(problems, remedy=error.remedy) from error


def _check_ceiling(jobs: Sequence[Job], ceiling: Limits, path: str) -> None:
    fine: set[Limits] = set()
    problems = []
    for index, job in enumerate(jobs):
        if job.limits in fine:
            continue
        above = job.limits.above(ceiling)
        if not above:
            fine.add(job.limits)
        problems += [FieldProblem(path.format(index=index) + one.field, one.message) for one in above]
    if problems:
        raise InvalidInput(problems, remedy="Nothing was stored; ask for less.")


def _remaining(deadline: float | None, name: str) -> float:
    if deadline is None:
        return BLOCK_S
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise WaitTimeout(f"{name} is not finished yet.", remedy="It goes on; wait again.")
    return min(remaining, BLOCK_S)
