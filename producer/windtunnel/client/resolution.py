"""Turns the names of a job's datasets into the digests of their bytes, when it is submitted. May import the records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from windtunnel.contract import Job
from windtunnel.errors import FieldProblem, InvalidInput
from windtunnel.records.catalogue import Catalogue, near


def resolve(jobs: Sequence[Job], catalogue: Catalogue) -> Sequence[Mapping[str, str]]:
    """The digest of each dataset of each job: the one the job names, or that of the newest version.

    Empty if no job has datasets. `InvalidInput` names unknown datasets, with similar names, and digests that belong to
    no version. The catalogue is asked once for all jobs.
    """
    if not any(job.datasets for job in jobs):
        return ()
    names = sorted({name for job in jobs for name in job.datasets})
    newest = catalogue.newest(names)
    _check([name for name in names if name not in newest], jobs, catalogue)
    shared: dict[tuple[str, ...], dict[str, str]] = {}
    resolved: list[Mapping[str, str]] = []
    for job in jobs:
        digests = shared.get(job.datasets)
        if digests is None:
            digests = shared[job.datasets] = {name: newest[name] for name in job.datasets}
        resolved.append({**digests, **job.dataset_digests} if job.dataset_digests else digests)
    return resolved


def _check(missing: Sequence[str], jobs: Sequence[Job], catalogue: Catalogue) -> None:
    """Refuse names that are unknown, and pinned digests that no version of the name has."""
    problems = []
    if missing:
        known = catalogue.names()
        problems = [FieldProblem("datasets", f"there is no {name!r}; {near(name, known)}") for name in missing]
    pinned = sorted({pin for job in jobs for pin in job.dataset_digests.items() if pin[0] not in missing})
    versions = {name: catalogue.digests(name) for name in {name for name, _ in pinned}}
    for name, sha256 in pinned:
        if sha256 not in versions[name]:
            there = ", ".join(f"{number} ({digest[:12]}…)" for digest, number in versions[name].items())
            problems.append(
                FieldProblem(f"dataset_digests.{name}", f"no version has the digest {sha256[:12]}…; there are: {there}")
            )
    if problems:
        raise InvalidInput(
            problems,
            remedy="Nothing was stored; `windtunnel datasets list` shows what there is, "
            "`windtunnel datasets add NAME FILE` adds one.",
        )
