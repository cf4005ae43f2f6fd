"""The files that programs left: reads them, writes them into a folder. May import contract and store."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from windtunnel.errors import FieldProblem, InvalidInput, NotFound, ObjectUnusable

if TYPE_CHECKING:
    from windtunnel.contract import Artifact, Report
    from windtunnel.store import Store

LONGEST_NAME = 120
MOST_PARTS = 8


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
    """Write all artifacts of a job below a folder, which is made if need be. Returns the files, in the report's order.

    Names are the program's: each part of a path is made plain, and no link below the folder is followed or written
    through. `InvalidInput` where a file or a link stands in the place of a subfolder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    saved: list[Path] = []
    for one in report.execution.artifacts if report.execution else ():
        target = _free(folder, plain_path(one.name), saved)
        content = read(store, report.job_id, one)
        _make_folders(folder, target.parent)
        fresh = target.with_name(f".{target.name[:LONGEST_NAME]}.part")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "wb") as file:
            file.write(content)
        fresh.replace(target)
        saved.append(target)
    return saved


def plain_path(name: str) -> str:
    """A relative path that is safe below any folder, on any system: subfolders stay, `..` does not."""
    parts = [plain(part) for part in name.split("/") if part.strip(". ")]
    if len(parts) > MOST_PARTS:
        parts = [*parts[: MOST_PARTS - 1], plain("-".join(parts[MOST_PARTS - 1 :]))]
    return "/".join(parts) or "artifact"


def plain(part: str) -> str:
    """A file name that is safe on any system: no leading dot, no control or special character."""
    flat = re.sub(r"[^A-Za-z0-9._-]+", "-", part).lstrip(".-")[:LONGEST_NAME].rstrip(".")
    return flat or "artifact"


def _free(folder: Path, name: str, taken: list[Path]) -> Path:
    first = target = folder / name
    number = 2
    while target in taken:
        target = first.with_name(f"{number}-{first.name}")
        number += 1
    return target


def _make_folders(folder: Path, inner: Path) -> None:
    """Make the folders between the two, each a real one."""
    for place in reversed([inner, *inner.parents][: len(inner.relative_to(folder).parts)]):
        if place.is_symlink() or (place.exists() and not place.is_dir()):
            kind = "a link" if place.is_symlink() else "a file"
            raise InvalidInput(
                [FieldProblem("folder", f"{place} is {kind}, and should be a folder of artifacts")],
                remedy="Give an empty folder.",
            )
        place.mkdir(exist_ok=True)
