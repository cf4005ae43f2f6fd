"""`Client`: submit, follow, read, retry, cancel. May import contract, settings, records and broker.

What takes long to load (pydantic's models, settings, the Redis client) is loaded when it is first used.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, overload

from windtunnel import contract
from windtunnel.client import following, promotion
from windtunnel.client.ids import BatchId, JobId, checked, is_job
from windtunnel.client.naming import full_id
from windtunnel.client.paging import checked_count, outcomes_of, page_of
from windtunnel.client.reporting import Reporting
from windtunnel.client.submitting import JOBS_A_MESSAGE, MOST_MESSAGES, Submitting
from windtunnel.errors import NotFound
from windtunnel.keyspace import batch_of, job_id

if TYPE_CHECKING:
    from windtunnel.analysis.reproduction import Reproduction
    from windtunnel.client.pruning import Pruned
    from windtunnel.contract import (
        BatchStatus,
        DeadLetter,
        Event,
        HostStatus,
        Isolation,
        JobStatus,
        JobSummary,
        Outcome,
        QueueStats,
        Report,
        Sample,
        Transition,
    )
    from windtunnel.records import Records
    from windtunnel.settings import Settings
    from windtunnel.store import Store
    from windtunnel.wake import Wake

log = logging.getLogger(__name__)
audit = logging.getLogger("windtunnel.audit")
"""Logs who submitted, retried, cancelled, promoted or drained what; the app decides where that goes."""


class Client(Submitting, Reporting):
    """A connection to one Windtunnel deployment, through its Redis. Safe to share between threads.

    Use it in a `with` block, or call `close`. `redis_url` overrides `WINDTUNNEL_REDIS_URL`; `settings` replaces the
    environment. `records`, `broker` and `store` are for tests (see `windtunnel.testing`). Every method raises
    `StoreUnavailable` if Redis does not answer.
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
        from windtunnel.broker import Broker  # these take long to load, and an app may never connect
        from windtunnel.records import records_of
        from windtunnel.settings import checked_url, client_settings
        from windtunnel.store import Store

        self._settings = settings or client_settings()
        url = checked_url(redis_url) if redis_url else self._settings.redis_url.get_secret_value()
        self._records = records or records_of(self._settings, url)
        self._broker: Wake = broker or Broker(url)
        self._store = store or Store(self._settings.store_url.get_secret_value())
        self._patience = following.Patience(self._records.has_answered)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._records.close()
        self._broker.close()

    # -- running again --------------------------------------------------------------------------------

    def check(self, job: str) -> JobId:
        """Run a finished job again on the same data with the look-ahead check. Returns the new job's id."""
        return self._again(self.report(job), check_lookahead=True)

    def promote(self, job: str, *, owner: str | None = None) -> JobId:
        """Run a finished job's program on its whole datasets, and score it on the bars that were held out.

        Returns the id of the new job, which belongs to `owner` (default: `WINDTUNNEL_OWNER`). Its report has rounded
        figures (`Report.promotion`) and nothing else from the run. A program can be promoted only once on a hold-out
        and on others with the same bars, whatever its parameters: `AlreadyPromoted` names the earlier job.
        `InvalidInput` if the job has no score or was stopped at a stage, or if a dataset has no hold-out.
        """
        report = self.report(job)
        holdouts = promotion.checked(report, self._records)
        again = self._again(report, owner, holdouts=holdouts)
        audit.info("action=promoted name=%s as=%s who=%s", job, again, self.who)
        return again

    def reproduce(self, job: str, *, timeout: float | None = None) -> Reproduction:
        """Run a finished job again on the same data and isolated in the same way, wait for it, and compare.

        Raises `WaitTimeout` as `wait` does.
        """
        from windtunnel.analysis.reproduction import reproduction

        first = self.report(job)
        isolation = first.execution.isolation if first.execution else contract.Isolation.CONTAINER
        return reproduction(first, self.wait(self._again(first, isolation=isolation), timeout=timeout))

    def _again(
        self, report: Report, owner: str | None = None, isolation: Isolation | str = "container", **changes: Any
    ) -> JobId:
        """Submit the job of a report again; `UnreadableRecord` if its program is no longer stored."""
        promotion.check_not_promoted(report)
        kept = ("name", "params", "aliases", "seed", "labels", "limits", "scoring", "image", "pool")
        same = {name: getattr(report, name) for name in kept}
        job = contract.Job(
            code=self._records.schedule.code(report.code_sha256),
            language=report.language,
            datasets=tuple(report.dataset_digests),
            dataset_digests=report.dataset_digests,
            **same,
            **changes,
        )
        # The cache would only return the earlier result.
        batch = contract.Batch(
            jobs=(job,),
            name=job.name,
            owner=self._settings.owner if owner is None else owner,
            isolation=isolation,
            cache=False,
        )
        return JobId(job_id(self._submit(batch, "job", digests=[report.dataset_digests]), 0))

    # -- reading -------------------------------------------------------------------------------------

    def find(self, typed: str) -> str:
        """Return the full id for what a person typed.

        That may be `@last` (the newest batch), `@last-3` (a job of it), or the beginning or end of a batch's id, at
        least four characters long (`9f2c`, or `9f2c-3` for a job). Text that matches no id is returned unchanged;
        `InvalidInput` lists the candidates if several match.
        """
        return full_id(self._records.reading, checked(typed))

    @overload
    def status(self, name: JobId) -> JobStatus: ...
    @overload
    def status(self, name: BatchId) -> BatchStatus: ...
    @overload
    def status(self, name: str) -> JobStatus | BatchStatus: ...
    def status(self, name: str) -> JobStatus | BatchStatus:
        """The current status of a job or a batch; `NotFound` if it does not exist."""
        reading = self._records.reading
        return reading.job_statuses([name])[0] if is_job(name) else reading.batch_status(name)

    def jobs(
        self,
        batch: str,
        *,
        outcome: Outcome | str | Iterable[Outcome | str] | None = None,
        order_by: str | None = None,
        page: int = 1,
        size: int | None = None,
    ) -> list[JobSummary]:
        """The status of each job of a batch, with the main figures of its report but not its output.

        `outcome` selects jobs by how they ended. `order_by` sorts by a field, such as `"duration_s"`, or `"-sharpe"`
        for the highest first; jobs without a value come last. By default they are in the order of submission. `page`
        counts from 1 in pages of `size` jobs; without `size`, all jobs are returned. `InvalidInput` for a page below 1
        or an unknown field.
        """
        from windtunnel.records.listing import ordered

        start, stop = page_of(page, size)
        ids = self._job_ids(batch)
        if outcome is None and order_by is None:
            return list(self._records.listing.summaries(ids[start:stop]))
        wanted = None if outcome is None else outcomes_of(outcome)
        found = [one for one in self._records.listing.summaries(ids) if wanted is None or one.outcome in wanted]
        return ordered(found, order_by)[start:stop]

    def stats(self) -> QueueStats:
        """The state of the whole queue: jobs ready, running and waiting by owner and priority, and outcomes so far."""
        return self._records.listing.stats()

    def batches(self, count: int = 20, *, owner: str | None = None) -> list[BatchStatus]:
        """The newest batches, newest first; only those of an owner, if one is given."""
        reading, most, found = self._records.reading, checked_count("count", count), []
        for name in reading.batch_ids(most) if owner is None else reading.batch_ids_of(owner, most):
            with suppress(NotFound):  # its lifetime may end before that of its place in the list
                found.append(reading.batch_status(name))
        return found

    def history(self, job: str) -> tuple[Transition, ...]:
        """Every change of a job's state, with who made it and when, oldest first."""
        return self._records.reading.history(checked(job))

    def samples(self, job: str) -> list[Sample]:
        """What the newest attempt of a job has used so far, oldest reading first; empty for one that ran too briefly.

        A running job gains about one reading a second. Raises `NotFound` if there is no such job.
        """
        (status,) = self._records.reading.job_statuses([checked(job)])
        return self._records.reports.samples(job, status.attempt)

    def stream(
        self,
        batch: str | Iterable[str],
        *,
        after: str | Mapping[str, str] = "0",
        timeout: float | None = None,
    ) -> Iterator[Event]:
        """Yield the events of one or several batches as they happen, until every job has its report.

        Each event comes once, and those of a batch come in order. To resume, pass the `id` of the last event you saw as
        `after`; for several batches, a mapping from `event.batch_id` to that id. `timeout` is in seconds, for the whole
        stream; `WaitTimeout` when it has passed. An outage of Redis is waited out; `StoreUnavailable` after a minute.
        """
        return following.events(self._records.reading, following.places(batch, after), timeout, self._patience)

    @overload
    def wait(self, name: JobId, *, timeout: float | None = None) -> Report: ...
    @overload
    def wait(self, name: BatchId, *, timeout: float | None = None) -> BatchStatus: ...
    @overload
    def wait(self, name: str, *, timeout: float | None = None) -> Report | BatchStatus: ...
    def wait(self, name: str, *, timeout: float | None = None) -> Report | BatchStatus:
        """Wait until a job has its report, or every job of a batch has one; return the report or the batch's status.

        `timeout` is in seconds; `WaitTimeout` when it has passed, and the jobs continue. An outage of Redis is waited
        out as by `stream`.
        """
        reading, deadline = self._records.reading, following.deadline_of(timeout)
        batch = batch_of(name) if is_job(name) else name
        after = self._patience.read(partial(reading.last_event, batch), deadline, name)
        while True:
            found = self._patience.read(partial(self._ended, name), deadline, name)
            if found is not None:
                return found
            block = following.remaining(deadline, name)
            for event in self._patience.read(partial(reading.events, {batch: after}, block), deadline, name):
                after = event.id

    def _ended(self, name: str) -> Report | BatchStatus | None:
        """The report of a finished job, or the status of a finished batch."""
        status = self.status(name)
        if isinstance(status, contract.BatchStatus):
            return status if status.done else None
        return self.report(name) if status.state is contract.JobState.FINISHED else None

    def prune_store(self, *, really: bool = True) -> Pruned:
        """Remove files from the store that no dataset and no report refers to any more; see `client.pruning`.

        With `really=False` they are only counted.
        """
        from windtunnel.client.pruning import prune

        return prune(self._store, self._records.catalogue, self._settings.retention_s, really=really)

    # -- changing ------------------------------------------------------------------------------------

    def retry(self, name: str, *, outcomes: Outcome | str | Iterable[Outcome | str] | None = None) -> list[JobId]:
        """Run finished jobs again, each as a new attempt. Earlier attempts stay in the report.

        `outcomes` selects which jobs. By default a single job runs again whatever its outcome, and of a batch all jobs
        that did not succeed. Returns the ids of the jobs that were queued again. `InvalidInput` for an unknown outcome;
        `NotFound` for a single job whose program is no longer stored.
        """
        if outcomes is None:
            outcomes = set(contract.Outcome) - (set() if is_job(name) else {contract.Outcome.SUCCEEDED})
        wanted = outcomes_of(outcomes)
        reports = [self.report(name)] if is_job(name) else self.reports(name)
        again: list[JobId] = []
        gone: list[NotFound] = []
        for report in reports:
            try:
                if report.outcome in wanted and self._records.submissions.retry(report, self.who, first=not again):
                    again.append(JobId(report.job_id))
            except NotFound as error:
                if is_job(name):
                    raise
                gone.append(error)  # the rest of the batch can be retried
        if gone:
            log.warning("action=not-retried name=%s jobs=%d reason=%s", name, len(gone), gone[0])
        audit.info("action=retried name=%s jobs=%d who=%s", name, len(again), self.who)
        if again:
            self._broker.validate(batch_of(again[0]), min(MOST_MESSAGES, 1 + len(again) // JOBS_A_MESSAGE))
        return again

    def cancel(self, name: str) -> int:
        """Cancel a job, or all jobs of a batch that have not ended.

        Waiting jobs end at once, running ones within two seconds, each in a report with the outcome `cancelled`.
        Returns how many jobs were cancelled.
        """
        submissions = self._records.submissions
        if is_job(name):
            self.status(name)
            ids = [name]
        else:
            ids = [job_id(name, index) for index in range(submissions.close_batch(name, self.who))]
        ended, stopping, wake = submissions.cancel(ids, self.who)
        audit.info("action=cancelled name=%s jobs=%d who=%s", name, ended + stopping, self.who)
        if wake:
            self._broker.finalize()
        return ended + stopping

    # -- the machinery -------------------------------------------------------------------------------

    def hosts(self) -> list[HostStatus]:
        """Every execution host seen within the last day."""
        return self._records.hosts.all()

    def unserved_pools(self, name: str) -> list[str]:
        """The pools where this job, or jobs of this batch, are ready and no host takes work, by name.

        Empty if nothing of it waits for a host that is missing.
        """
        return self._records.hosts.unserved_pools(checked(name))

    def drain(self, host: str) -> None:
        """Let a host finish the jobs it runs and take no new ones; `NotFound` for an unknown host."""
        self._records.hosts.drain(host, self.who)
        audit.info("action=drained host=%s who=%s", host, self.who)

    def undrain(self, host: str) -> None:
        """Let a host take jobs again, also one that paused itself."""
        self._records.hosts.undrain(host)
        audit.info("action=undrained host=%s who=%s", host, self.who)

    def dead_letters(self, count: int = 100) -> list[DeadLetter]:
        """Messages that no worker could read, and webhooks that were given up, newest first."""
        return self._records.care.dead_letters(checked_count("count", count))

    def resend_webhooks(self) -> int:
        """Send all webhooks that were given up again. Returns how many; what has expired is not among them."""
        sent = self._records.outbox.send_again()
        audit.info("action=webhooks-resent count=%d who=%s", sent, self.who)
        return sent
