"""Reads the files that programs left, and writes them into a folder. May import contract and store."""

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
    """The artifact with this name; `NotFound` lists those that exist."""
    artifacts = report.execution.artifacts if report.execution else ()
    for one in artifacts:
        if one.name == name:
            return one
    there = ", ".join(one.name for one in artifacts[:20]) or "none"
    raise NotFound(f"Job {report.job_id} has no artifact {name!r}; there are: {there}.")


def read(store: Store, job_id: str, artifact: Artifact) -> bytes:
    """An artifact's bytes, verified; `NotFound` if the store no longer has them."""
    try:
        return store.get(artifact.sha256)
    except ObjectUnusable as error:
        raise NotFound(f"Artifact {artifact.name!r} of job {job_id}: {error.message}", remedy=error.remedy) from error


def make_folder(folder: Path) -> None:
    """Create a folder if necessary; `InvalidInput` if that is not possible."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = f"{folder} cannot be made: {error.strerror}"
        raise InvalidInput([FieldProblem("folder", problem)], remedy="Give another folder.") from error


def save(store: Store, report: Report, folder: Path) -> list[Path]:
    """Write all artifacts of a job into a folder, which is created if necessary. Returns the files, in report order.

    The program chose the names, so each part of a path is made plain, and no link below the folder is followed.
    `InvalidInput` if a file or a link is where a subfolder should be.
    """
    make_folder(folder)
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
    """A relative path that is safe in any folder on any system: subfolders are kept, `..` is not."""
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
    """Create the folders between the two, and refuse links."""
    for place in reversed([inner, *inner.parents][: len(inner.relative_to(folder).parts)]):
        if place.is_symlink() or (place.exists() and not place.is_dir()):
            kind = "a link" if place.is_symlink() else "a file"
            raise InvalidInput(
                [FieldProblem("folder", f"{place} is {kind}, and should be a folder of artifacts")],
                remedy="Give an empty folder.",
            )
        place.mkdir(exist_ok=True)
