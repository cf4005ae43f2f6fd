"""The files that programs left: reads them, writes them into a folder. May import contract and store."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from windtunnel.errors import NotFound, ObjectUnusable

if TYPE_CHECKING:
    from windtunnel.contract import Artifact, Report
    from windtunnel.store import Store

LONGEST_NAME = 120


def find(report: Report, name: str) -> Artifact:
    """The artifact of this name; `NotFound` says which there are."""
    artifacts = report.execution.artifacts if report.execution else ()
    for one in artifacts:
        if one.name == name:
            return one
    there = ", ".join(one.name for one in artifacts[:20]) or "none"
    raise NotFound(f"Job {report.job_id} has no artifact {name!r}; there are: {there}.")


def read(store: Store, job_id: str, artifact: Artifact) -> bytes:
    """An artifact's bytes, checked; `NotFound` where the store has them no more."""
    try:
        return store.get(artifact.sha256)
    except ObjectUnusable as error:
        raise NotFound(f"Artifact {artifact.name!r} of job {job_id}: {error.message}", remedy=error.remedy) from error


def save(store: Store, report: Report, folder: Path) -> list[Path]:
    """Write all artifacts of a job into a folder, which is made if need be. Returns the files, in the report's order.

    Names are the program's, so only plain ones are used as they are; no file is overwritten through a link.
    """
    folder.mkdir(parents=True, exist_ok=True)
    saved: list[Path] = []
    for one in report.execution.artifacts if report.execution else ():
        target = _free(folder, one.name, saved)
        content = read(store, report.job_id, one)
        fresh = target.with_name(f".{target.name[:LONGEST_NAME]}.part")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "wb") as file:
            file.write(content)
        fresh.replace(target)
        saved.append(target)
    return saved


def plain(name: str) -> str:
    """A file name that is safe on any system: no folder, no leading dot, no control or special character."""
    flat = re.sub(r"[^A-Za-z0-9._-]+", "-", name.replace("/", "-")).lstrip(".-")[:LONGEST_NAME].rstrip(".")
    return flat or "artifact"


def _free(folder: Path, name: str, taken: list[Path]) -> Path:
    target = folder / plain(name)
    number = 2
    while target in taken:
        target = folder / f"{number}-{plain(name)}"
        number += 1
    return target
