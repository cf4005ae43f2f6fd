"""Runs one attempt of a job in one fresh sandbox and says how it went."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from windtunnel.contract import (
    Artifact,
    Execution,
    Isolation,
    Job,
    Limits,
    Outcome,
)
from windtunnel.errors import ImageNotFound, ObjectUnusable, SandboxError
from windtunnel.store import Store
from windtunnel_worker.datasets import Dataset, DatasetCache
from windtunnel_worker.locks import Turns
from windtunnel_worker.sandbox import artifacts, images
from windtunnel_worker.sandbox.assignment import Assignment, Hooks, Stop, Superseded
from windtunnel_worker.sandbox.background import wait_for
from windtunnel_worker.sandbox.container import (
    STOP_GRACE_S,
    PreloadTooLarge,
    Sandbox,
    longest_run_s,
)
from windtunnel_worker.sandbox.engine import engine_version
from windtunnel_worker.sandbox.gpus import take_gpu
from windtunnel_worker.sandbox.hardening import Deployment
from windtunnel_worker.sandbox.images import AllowedImages, Image
from windtunnel_worker.sandbox.kind import Kind
from windtunnel_worker.sandbox.limit_check import LimitCheck
from windtunnel_worker.sandbox.limits import SandboxLimits
from windtunnel_worker.sandbox.listing import labels_for
from windtunnel_worker.sandbox.mounts import Mounts
from windtunnel_worker.sandbox.outcomes import STOPS, classify
from windtunnel_worker.sandbox.pool import Pool, Request
from windtunnel_worker.sandbox.preloads import preload_for
from windtunnel_worker.sandbox.protocol import Transcript
from windtunnel_worker.sandbox.run import Run, written
from windtunnel_worker.sandbox.working_folder import File
from windtunnel_worker.settings import HostSettings

log = logging.getLogger(__name__)


class Executor:
    """Executes attempts on this host, one at a time.

    `owner` is who the sandboxes belong to. With `warm` the next sandbox is prepared while a job runs. `store` has the
    bytes of datasets and takes those of artifacts; by default it is the one that the settings name.
    """

    def __init__(self, settings: HostSettings, owner: str, *, warm: bool = False, store: Store | None = None) -> None:
        self._settings = settings
        self._store = store or Store(settings.store_url.get_secret_value())
        self._datasets = DatasetCache(
            settings.data_dir / "cache", self._store, settings.lock_dir, settings.dataset_cache_mb * 2**20
        )
        self._mounts = Mounts()
        self._images = AllowedImages(settings.image_for, settings.allowed_images)
        self._limit_check = LimitCheck(settings.cgroup_root)
        self._gpu = take_gpu(settings.lock_dir, settings.gpus)
        """Held until this process ends."""
        self._deployment = Deployment(
            runtime=settings.runtime,
            apparmor_profile=settings.apparmor_profile,
            selinux_label=settings.selinux_label,
            gpu=self._gpu[0] if self._gpu else None,
        )
        self._pool = Pool(
            settings.host,
            functools.partial(labels_for, settings.host, owner),
            Turns(settings.lock_dir, "create a sandbox", settings.creations),
            longest_s=_needs_s("python", settings.ceiling.timeout_s),
            ahead=warm,
        )

    def warm_up(self) -> None:
        """Prepare a sandbox of the kind that most jobs want, before the first arrives."""
        try:
            image = images.find(self._settings.default_image)
        except SandboxError as error:
            log.warning("action=warm-up-failed reason=%s", error)
            return
        self._pool.prepare(
            Kind(image.digest, SandboxLimits.of(Limits()), preload=("numpy", "pandas"), deployment=self._deployment)
        )

    def rest(self) -> None:
        """Prepare for the next batch, as there is nothing to do."""
        self._pool.rest()

    def close(self) -> None:
        """Remove every sandbox that is ready or being made, and wait until they are gone."""
        self._pool.close()

    def execute(self, assignment: Assignment, hooks: Hooks | None = None) -> Execution:
        """Run the attempt. Every fault of the machinery comes back as an `infrastructure_error`.

        Raises `Superseded` when a hook says that another attempt is the current one; other reasons to stop come back
        as `cancelled`.
        """
        begun = time.monotonic()
        try:
            return self._execute(assignment, hooks or Hooks(), begun)
        except _Stopped as stopped:
            if stopped.stop is Stop.SUPERSEDED:
                raise Superseded from None
            return self._without_a_run(assignment, begun, Outcome.CANCELLED, STOPS[stopped.stop])
        except SandboxError as error:
            execution = self._without_a_run(assignment, begun, Outcome.INFRASTRUCTURE_ERROR, str(error))
            named = isinstance(error, ImageNotFound) and assignment.job.image is not None
            return execution.model_copy(update={"host_at_fault": not (named or isinstance(error, ObjectUnusable))})

    def _without_a_run(self, assignment: Assignment, begun: float, outcome: Outcome, message: str) -> Execution:
        return Execution(
            attempt=assignment.attempt,
            outcome=outcome,
            message=message,
            host=self._settings.host,
            image=assignment.job.image or self._settings.image_for(assignment.job.language),
            prepare_s=round(time.monotonic() - begun, 4),
        )

    def _execute(self, assignment: Assignment, hooks: Hooks, begun: float) -> Execution:
        job = assignment.job
        if not job.holdouts:
            return self._run(assignment, self._datasets_of(job, hooks), hooks, begun)
        columns = job.language == "python"
        with self._datasets.unsealed(job.dataset_digests, job.holdouts, columns=columns) as fetch:
            return self._run(assignment, wait_for(fetch, functools.partial(_ask, hooks)), hooks, begun)

    def _run(self, assignment: Assignment, datasets: tuple[Dataset, ...], hooks: Hooks, begun: float) -> Execution:
        job = assignment.job
        image = self._images.find(job.language, job.image)
        sandbox, imports = self._take(assignment, self._kind(assignment, image, datasets), hooks)
        clean = False
        try:
            self._limit_check.require(sandbox)
            run = Run(sandbox, job, hooks, self._settings)
            paths = {dataset.name: dataset.sandbox_path for dataset in datasets}
            probes = _probes(job, datasets)
            transcript = run.follow(paths, imports, probes)
            files = transcript.files.files()
            outcome, message = classify(transcript, run.evidence(transcript), job.limits)
            resources = run.resources(transcript)
            clean = _left_clean(transcript, outcome)
        finally:
            self._pool.give_back(sandbox, clean=clean)
        return Execution(
            attempt=assignment.attempt,
            outcome=outcome,
            message=message,
            **written(transcript),
            positions=transcript.positions if outcome is Outcome.SUCCEEDED else "",
            probe_runs=tuple(transcript.probe_runs.values()) if probes and outcome is Outcome.SUCCEEDED else (),
            artifacts=self._keep(files, hooks) if not job.holdouts else [],
            resources=resources,
            isolation=Isolation.CELL if sandbox.kind.is_cell else Isolation.CONTAINER,
            host=self._settings.host,
            container_id=sandbox.id,
            image=image.name,
            image_digest=image.digest,
            dataset_digests={dataset.name: dataset.version.sha256 for dataset in datasets},
            data_notes=[note for dataset in datasets for note in dataset.notes],
            started_at=run.started_at,
            prepare_s=round(run.started - begun, 4),
            versions={**sandbox.versions, "docker": self._engine_version},
        )

    def _take(self, assignment: Assignment, kind: Kind, hooks: Hooks) -> tuple[Sandbox, tuple[str, ...]]:
        """A ready sandbox, and the modules that it has yet to import.

        If these do not fit into the job's memory, the program imports them itself and fails there.
        """
        request = Request(
            kind,
            assignment.batch_id,
            f"windtunnel-{assignment.job_id}-{assignment.attempt}",
            _needs_s(assignment.job.language, assignment.job.limits.timeout_s),
            functools.partial(_ask, hooks),
            alone=bool(assignment.job.holdouts),
        )
        try:
            sandbox = self._pool.take(request)
        except PreloadTooLarge:
            return self._pool.take(replace(request, kind=kind.bare())), ()
        return sandbox, sandbox.kind.lacks(kind)

    def _datasets_of(self, job: Job, hooks: Hooks) -> tuple[Dataset, ...]:
        """The job's datasets on this host; what is lacking is fetched from the store."""
        digests = {name: job.dataset_digests.get(name, "") for name in job.datasets}
        columns = job.language == "python"
        found = self._datasets.known(digests, columns=columns)
        if found is not None or not digests:
            return found or ()
        return wait_for(lambda: self._datasets.fetch(digests, columns=columns), functools.partial(_ask, hooks))

    def _keep(self, files: Sequence[File], hooks: Hooks) -> list[Artifact]:
        """Store the files that the program left, before the execution that names them is recorded."""
        if not files:
            return []
        contents = {file.name: file.content for file in files}
        kept = wait_for(lambda: artifacts.keep(contents, self._store), functools.partial(_ask, hooks))
        originals = {file.name: file.original for file in files if file.original != file.name}
        return [one.model_copy(update={"original": originals.get(one.name, "")}) for one in kept]

    @functools.cached_property
    def _engine_version(self) -> str:
        return engine_version()

    def _kind(self, assignment: Assignment, image: Image, datasets: tuple[Dataset, ...]) -> Kind:
        job = assignment.job
        may_share = job.language == "python" and self._settings.trust != "anyone"
        in_cell = may_share and assignment.isolation is Isolation.CELL
        return Kind(
            image=image.digest,
            limits=SandboxLimits.of(job.limits),
            language=job.language,
            datasets=self._mounts.of(job.language, datasets),
            preload=preload_for(assignment.imports, job.datasets) if job.language == "python" else (),
            deployment=self._deployment,
            jobs=self._settings.cell_jobs if in_cell else 1,
        )


def _probes(job: Job, datasets: Sequence[Dataset]) -> list[dict[str, Any]]:
    """The runs on changed data of a look-ahead check, where one was asked for."""
    if not (job.check_lookahead and datasets and job.language == "python"):
        return []
    from windtunnel_worker.scoring.lookahead import MOST_BARS, plan

    bars = max(dataset.version.facts.rows for dataset in datasets)
    return [probe.model_dump(mode="json") for probe in plan(bars, job.seed)] if bars <= MOST_BARS else []


def _ask(hooks: Hooks) -> None:
    """Raise `_Stopped` if the attempt must stop."""
    stop = hooks.stop()
    if stop is not None:
        raise _Stopped(stop)


class _Stopped(Exception):
    """The attempt was stopped before its program ran."""

    def __init__(self, stop: Stop) -> None:
        super().__init__(stop)
        self.stop = stop


def _needs_s(language: str, timeout_s: float) -> float:
    """How long one job may use a sandbox, with what it takes to end it."""
    return longest_run_s(language, timeout_s) + STOP_GRACE_S


def _left_clean(transcript: Transcript, outcome: Outcome) -> bool:
    """True when nothing out of the ordinary happened: only then may a cell serve another job."""
    end = transcript.end
    ordinary = outcome in (Outcome.SUCCEEDED, Outcome.FAILED)
    return ordinary and end is not None and end.clean and end.signal is None
