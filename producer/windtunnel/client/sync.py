"""The trading app's face: submit, follow, read, retry. May import contract, settings, store and publisher."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, NewType, Self, overload

from windtunnel.broker import Publisher, producer_app
from windtunnel.contract import (
    Batch,
    BatchStatus,
    Event,
    Isolation,
    Job,
    JobState,
    JobStatus,
    Outcome,
    Report,
)
from windtunnel.errors import FieldProblem, InvalidInput, NotFound, WaitTimeout
from windtunnel.keyspace import batch_of, job_id
from windtunnel.records.redis import Store
from windtunnel.settings import Settings, client_settings

JobId = NewType("JobId", str)
BatchId = NewType("BatchId", str)

BLOCK_S = 5.0
"""How long one read of the event stream waits in Redis; below the socket's timeout."""
UNSUCCESSFUL = tuple(outcome for outcome in Outcome if outcome is not Outcome.SUCCEEDED)


def is_job(name: str) -> bool:
    """True for a job's id, False for a batch's."""
    return "-" in name


class Client:
    """Talks to one Windtunnel through its Redis. Safe to share between threads; close it or use `with`.

    `redis_url` overrides `WINDTUNNEL_REDIS_URL`. Every method raises `StoreUnavailable` when Redis does not
    answer.
    """

    def __init__(self, redis_url: str | None = None, *, settings: Settings | None = None) -> None:
        self._settings = settings or client_settings()
        url = redis_url or self._settings.redis_url.get_secret_value()
        self._store = Store(url, key_prefix=self._settings.key_prefix, retention_s=self._settings.retention_s)
        self._app = producer_app(url)
        self._publisher = Publisher(self._app)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give all connections back."""
        self._store.close()
        self._app.close()

    def submit(self, job: Job | Mapping[str, Any]) -> JobId:
        """Store one job and set it going. Returns its id; the same one for the same idempotency key.

        Raises `InvalidInput` (names the field), `IdempotencyConflict`, `QueueFull`: nothing is stored then.
        """
        job = _as_job(job)
        batch = Batch(jobs=(job,), name=job.name)
        return JobId(job_id(self._submit(batch, "job", job.idempotency_key), 0))

    def submit_batch(
        self,
        jobs: Batch | Iterable[Job | Mapping[str, Any]],
        *,
        name: str = "batch",
        isolation: Isolation | str = Isolation.CONTAINER,
        idempotency_key: str | None = None,
    ) -> BatchId:
        """Store many jobs as one batch and set them going. Returns the batch's id.

        `isolation="cell"` is for bulk: several times the throughput, and jobs of the batch share a container, one
        after the other (see `Isolation`).

        With an idempotency key, a call that was cut off may be made again: what is missing is completed and
        nothing runs twice. Raises as `submit` does.
        """
        if not isinstance(jobs, Batch):
            jobs = Batch(
                jobs=tuple(_as_job(job, f"jobs.{index}.") for index, job in enumerate(jobs)),
                name=name,
                isolation=isolation,
                idempotency_key=idempotency_key,
            )
        problems = [
            FieldProblem(f"jobs.{index}.idempotency_key", "give the batch a key, not a job within it")
            for index, job in enumerate(jobs.jobs)
            if job.idempotency_key is not None
        ]
        if problems:
            raise InvalidInput(problems, remedy="Nothing was stored.")
        return self._submit(jobs, "batch", jobs.idempotency_key)

    def _submit(self, batch: Batch, kind: str, key: str | None) -> BatchId:
        problems = [
            FieldProblem(problem.field if kind == "job" else f"jobs.{index}.{problem.field}", problem.message)
            for index, job in enumerate(batch.jobs)
            for problem in job.limits.above(self._settings.ceiling)
        ]
        if problems:
            raise InvalidInput(problems, remedy="Nothing was stored; ask for less.")
        fresh = secrets.token_hex(8)
        batch_id = self._store.open_batch(fresh, batch, kind, key, self._settings.max_unfinished)
        if batch_id == fresh or not self._store.is_published(batch_id):
            self._store.write_jobs(batch_id, batch)
            self._store.mark(batch_id, "written")
            self._publish_validation([(job_id(batch_id, index), job.priority) for index, job in enumerate(batch.jobs)])
            self._store.mark(batch_id, "published")
        return BatchId(batch_id)

    def _publish_validation(self, jobs: Sequence[tuple[str, int]]) -> None:
        size = self._settings.chunk_size
        for priority in sorted({priority for _, priority in jobs}):
            ids = [name for name, its in jobs if its == priority]
            chunks = [ids[start : start + size] for start in range(0, len(ids), size)]
            self._publisher.publish("validate", chunks, priority=priority)

    @overload
    def status(self, name: JobId) -> JobStatus: ...
    @overload
    def status(self, name: BatchId) -> BatchStatus: ...
    @overload
    def status(self, name: str) -> JobStatus | BatchStatus: ...
    def status(self, name: str) -> JobStatus | BatchStatus:
        """Where a job or a batch stands; `NotFound` if there is none."""
        if is_job(name):
            return self._store.job_statuses([name])[0]
        return self._store.batch_status(name)

    def jobs(self, batch: str) -> list[JobStatus]:
        """Where each job of a batch stands, in the order of submission."""
        total = self._store.batch_status(batch).total
        return self._store.job_statuses([job_id(batch, index) for index in range(total)])

    def batches(self, count: int = 20) -> list[BatchStatus]:
        """The newest batches, newest first."""
        found = []
        for name in self._store.batch_ids(count):
            with suppress(NotFound):  # its lifetime may end before that of its place in the list
                found.append(self._store.batch_status(name))
        return found

    def stream(self, batch: str, *, after: str = "0", timeout: float | None = None) -> Iterator[Event]:
        """Yield the batch's events as they come, until every job has its report.

        Give the `id` of the last event you saw as `after` to resume. `timeout` is in seconds for the whole
        stream; `WaitTimeout` when it passes.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            done = self._store.batch_status(batch).done
            block = 0.001 if done else _remaining(deadline, batch)
            empty = True
            for event in self._store.events(batch, after, block):
                empty = False
                after = event.id
                yield event
            if done and empty:
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
        after = self._store.last_event(batch)
        while True:
            status = self.status(name)
            if isinstance(status, BatchStatus) and status.done:
                return status
            if isinstance(status, JobStatus) and status.state is JobState.FINISHED:
                return self.report(name)
            for event in self._store.events(batch, after, _remaining(deadline, name)):
                after = event.id

    def report(self, job: str) -> Report:
        """The final report of a job; `NotFound` while it has none."""
        return self._store.report(job)

    def reports(self, batch: str) -> Iterator[Report]:
        """The final reports of a batch, in the order of submission; jobs without one are passed over."""
        for status in self.jobs(batch):
            if status.state is JobState.FINISHED:
                yield self._store.report(status.job_id)

    def retry(self, name: str, *, outcomes: Iterable[Outcome] | None = None) -> list[JobId]:
        """Run finished jobs again, each as a new attempt; earlier attempts stay in the report.

        Without `outcomes`: a single job whatever its outcome, of a batch all that did not succeed. Returns
        the ids of the jobs that were queued again.
        """
        if outcomes is None:
            outcomes = tuple(Outcome) if is_job(name) else UNSUCCESSFUL
        wanted = tuple(outcomes)
        candidates = [self._store.job_statuses([name])[0]] if is_job(name) else self.jobs(name)
        again = [status.job_id for status in candidates if self._store.retry(status.job_id, wanted)]
        self._publish_validation(
            [(one.job_id, one.job.priority) for one in self._store.waiting(JobState.QUEUED, again)]
        )
        return [JobId(name) for name in again]


def _as_job(job: Job | Mapping[str, Any], path: str = "") -> Job:
    if isinstance(job, Job):
        return job
    try:
        return Job(**job)
    except InvalidInput as error:
        problems = [FieldProblem(path + problem.field, problem.message) for problem in error.problems]
        raise InvalidInput(problems, remedy=error.remedy) from error


def _remaining(deadline: float | None, name: str) -> float:
    if deadline is None:
        return BLOCK_S
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise WaitTimeout(f"{name} is not finished yet.", remedy="It goes on; wait again.")
    return min(remaining, BLOCK_S)
