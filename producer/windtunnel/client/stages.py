"""Prepares the stages of a cascade and their data when a batch is submitted. May import contract and datasets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from windtunnel import contract
from windtunnel.client.checking import as_model, refused
from windtunnel.client.sweeps import bounded

if TYPE_CHECKING:
    from windtunnel.client.datasets import Datasets
    from windtunnel.contract import Job, Stage


def with_stages(jobs: Sequence[Job], stages: Sequence[Stage | Mapping[str, Any]]) -> tuple[Job, ...]:
    """The same jobs with these stages; `InvalidInput` if a stage is wrong, or if a job cannot have stages."""
    asked = tuple(
        as_model(contract.Stage, stage, f"stages.{index}.") for index, stage in enumerate(bounded(stages, "stages"))
    )
    staged = tuple(contract.Job(**{**dict(job), "stages": asked}) for job in jobs)
    _check_datasets(staged)
    return staged


def _check_datasets(jobs: Iterable[Job]) -> None:
    """Raise `InvalidInput` if a job with stages has no datasets."""
    if any(job.stages and not job.datasets for job in jobs):
        raise refused("stages", "need prices to be scored on: name them in the jobs' `datasets`")


def with_data(jobs: Sequence[Job], digests: Sequence[Mapping[str, str]], datasets: Datasets) -> Sequence[Job]:
    """The jobs, with the digests of each stage's data filled in. `digests` are those of each job's whole datasets."""
    if not any(job.stages for job in jobs):
        return jobs
    _check_datasets(jobs)
    known: dict[tuple[str, str, int], str] = {}

    def first_bars(name: str, sha256: str, bars: int | None) -> str:
        if bars is None:
            return sha256
        where = (name, sha256, bars)
        if where not in known:
            known[where] = datasets.first_bars(*where)
        return known[where]

    def filled(stage: Stage, job: Job, resolved: Mapping[str, str]) -> Stage:
        names = stage.datasets or job.datasets
        found = {name: first_bars(name, resolved[name], stage.bars) for name in names}
        return stage.model_copy(update={"dataset_digests": found})

    return [
        job.model_copy(update={"stages": tuple(filled(stage, job, resolved) for stage in job.stages)})
        for job, resolved in zip(jobs, digests, strict=True)
    ]
