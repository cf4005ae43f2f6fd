"""The operations of `Client` that submit: one job, a batch, a sweep. May import contract, settings, records, broker."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from windtunnel import contract
from windtunnel.client.checking import as_model, as_models, check_ceiling, check_keys, refused
from windtunnel.client.datasets import Datasets
from windtunnel.client.ids import BatchId, JobId
from windtunnel.client.stages import with_data, with_stages
from windtunnel.client.sweeps import Grid, as_shared, bounded, points
from windtunnel.keyspace import job_id
from windtunnel.telemetry import current_trace

if TYPE_CHECKING:
    from windtunnel.contract import Batch, Budget, Isolation, Job, Stage, Webhook
    from windtunnel.records import Records
    from windtunnel.settings import Settings
    from windtunnel.store import Store
    from windtunnel.wake import Wake

JOBS_A_MESSAGE, MOST_MESSAGES = 1000, 8
"""A validator continues until nothing is queued, so a few messages are enough to start all of them."""
Progress = Callable[[int, int], None]
"""Called with how many jobs are written, and how many there are."""

audit = logging.getLogger("windtunnel.audit")


class BatchOptions(TypedDict, total=False):
    """The options of `submit_batch`, without the jobs."""

    name: str
    isolation: Isolation | str
    owner: str | None
    max_running: int | None
    budget: Budget | Mapping[str, Any] | None
    cache: bool | None
    webhook: Webhook | Mapping[str, Any] | str | None
    idempotency_key: str | None
    check_lookahead: bool
    stages: Sequence[Stage | Mapping[str, Any]]
    progress: Progress | None


class Submitting:
    """The part of `Client` that submits."""

    _settings: Settings
    _records: Records
    _broker: Wake
    _store: Store

    @property
    def who(self) -> str:
        """The name of this client in a job's history."""
        return f"client:{self._settings.owner}"

    @cached_property
    def datasets(self) -> Datasets:
        """The datasets of this deployment: add, list, show, verify, remove, restore."""
        most = self._settings.dataset_max_mb * 2**20
        return Datasets(self._records.catalogue, lambda: self._store, max_bytes=most, who=self.who)

    def submit(self, job: Job | Mapping[str, Any]) -> JobId:
        """Submit one job. Returns its id, which is the same again for the same idempotency key.

        Raises `InvalidInput`, which names the field, `IdempotencyConflict` or `QueueFull`; nothing is stored then.
        """
        job = as_model(contract.Job, job)
        batch = contract.Batch(
            jobs=(job,),
            name=job.name,
            owner=self._settings.owner,
            cache=self._settings.cache,
            idempotency_key=job.idempotency_key,
        )
        return JobId(job_id(self._submit(batch, "job"), 0))

    def submit_batch(
        self,
        jobs: Batch | Iterable[Job | Mapping[str, Any]],
        *,
        name: str = "batch",
        isolation: Isolation | str = "container",
        owner: str | None = None,
        max_running: int | None = None,
        budget: Budget | Mapping[str, Any] | None = None,
        cache: bool | None = None,
        webhook: Webhook | Mapping[str, Any] | str | None = None,
        idempotency_key: str | None = None,
        check_lookahead: bool = False,
        stages: Sequence[Stage | Mapping[str, Any]] = (),
        progress: Progress | None = None,
    ) -> BatchId:
        """Submit many jobs, from any iterable, as one batch. Returns the batch's id. Raises as `submit` does.

        - `isolation="cell"` is for bulk: the jobs share a container, one after the other, at many times the throughput
          (see `Isolation`).
        - `owner` (default: `WINDTUNNEL_OWNER`) is who submits; owners share the slots fairly. `max_running` limits how
          many jobs of the batch run at the same time, and `budget` what the batch may spend (see `Budget`).
        - `cache` (default: `WINDTUNNEL_CACHE`): a job with the same program, parameters, datasets, image, seed, limits
          and scoring as another gets that job's result, at once or when it ends; its report names it in `cached_from`.
          Faults of the machinery are never reused, nor are results of programs that read the clock or draw unseeded
          random numbers. Programs in languages other than Python always run.
        - `stages` (see `Stage`), such as `[{"bars": 500, "metric": "sharpe", "at_least": 0.5}]`: each job runs on less
          data first, and on all of its data only if its score reaches what every stage asks for. Each stage counts as a
          trial; the report of a job that was stopped is about the stage where it stopped.
        - `check_lookahead`: also run each program on changed data, to see whether its positions know the future.
        - `webhook`: the URL to notify when the batch has ended (see `Webhook` and `windtunnel.webhooks`).
        - `idempotency_key`: a call that was interrupted can be repeated with the same key. Missing jobs are added, and
          nothing runs twice. Each owner has keys of its own.
        - `progress(written, total)` is called while the jobs are written.
        """
        if progress is not None and not callable(progress):
            raise refused("progress", "cannot be called; give a function of two numbers")
        if isinstance(jobs, contract.Batch):
            others = (owner, max_running, budget, cache, webhook, idempotency_key)
            if (name, isolation) != ("batch", "container") or any(one is not None for one in others):
                raise refused("jobs", "is a Batch, which has fields for its name, owner, budget …; set them there")
            jobs = as_model(contract.Batch, jobs)
        else:
            jobs = contract.Batch(
                jobs=as_models(contract.Job, bounded(jobs, "jobs"), "jobs"),
                name=name,
                isolation=isolation,
                owner=self._settings.owner if owner is None else owner,
                max_running=max_running,
                budget=budget,
                cache=self._settings.cache if cache is None else cache,
                webhook={"url": webhook} if isinstance(webhook, str) else webhook,
                idempotency_key=idempotency_key,
            )
        if check_lookahead:
            checked = tuple(job.model_copy(update={"check_lookahead": True}) for job in jobs.jobs)
            jobs = jobs.model_copy(update={"jobs": checked})
        if stages:
            jobs = jobs.model_copy(update={"jobs": with_stages(jobs.jobs, stages)})
        check_keys(jobs)
        return self._submit(jobs, "batch", progress)

    def submit_sweep(
        self,
        code: str,
        *,
        grid: Grid | None = None,
        params: Iterable[Mapping[str, Any]] | None = None,
        datasets: Sequence[str] = (),
        job: Mapping[str, Any] | None = None,
        **batch: Unpack[BatchOptions],
    ) -> BatchId:
        """Submit one program with many parameter sets as one batch. Returns the batch's id.

        Give either `params`, with one set for each job, or `grid`: every combination of its values, the last axis
        changing fastest. More than 100,000 sets are refused before any is built. `job` has the other fields that the
        jobs share (`seed`, `limits`, `language` …); the other arguments are those of `submit_batch`. The program is
        stored and validated once, and the jobs run in cells unless `isolation="container"` is given (see `Isolation`).

        >>> from windtunnel.testing import Tunnel
        >>> client = Tunnel().client
        >>> batch = client.submit_sweep("print(params)", grid={"fast": range(5, 15, 5), "slow": [50, 100]})
        >>> [one.params for one in client.jobs(batch)][:2]
        [{'fast': 5, 'slow': 50}, {'fast': 5, 'slow': 100}]
        """
        shared = {**as_shared(job or {}), "code": code, "datasets": datasets}
        jobs = ({**shared, "params": one} for one in points(grid, params))
        return self.submit_batch(jobs, **{"name": "sweep", "isolation": contract.Isolation.CELL, **batch})  # type: ignore[arg-type]

    def _submit(
        self,
        batch: Batch,
        kind: str,
        progress: Progress | None = None,
        digests: Sequence[Mapping[str, str]] | None = None,
    ) -> BatchId:
        """Write a batch. `digests` are those of each job's datasets, if they are known already."""
        from windtunnel.client.resolution import resolve
        from windtunnel.records.submissions import prepare

        check_ceiling(batch.jobs, self._settings.ceiling, "" if kind == "job" else "jobs.{index}.")
        if digests is None:
            digests = resolve(batch.jobs, self._records.catalogue)
        jobs = with_data(batch.jobs, digests, self.datasets)
        prepared = prepare(jobs, digests, cache=batch.cache)
        # Ids sort by time: where batches are otherwise equal, the older one is served first.
        fresh = f"{time.time_ns() // 10**6:011x}{secrets.token_hex(4)}"
        opened = self._records.submissions.open(fresh, batch, kind, self._settings.max_unfinished)
        if opened.written < len(prepared):
            if traceparent := current_trace():
                self._records.submissions.note_trace(opened, traceparent)
            progress = progress or (lambda _written, _total: None)
            audit.info("action=submitted batch=%s jobs=%d who=%s", opened.batch_id, len(prepared), batch.owner)
            self._records.submissions.write(opened, prepared, f"client:{batch.owner}", progress)
            self._broker.validate(opened.batch_id, min(MOST_MESSAGES, 1 + len(prepared) // JOBS_A_MESSAGE))
        return BatchId(opened.batch_id)
