"""The files of a program's working folder as they arrive: their names and contents are hostile, their sum is bounded.

Imports nothing of Docker.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from windtunnel_worker.sandbox.limits import FolderLimits

MAX_NAMED = 64
"""Dropped files that are named one by one: the warden's and the program's own."""
MAX_PARTS = 8
PART_CHARACTERS = 120
"""Of each name in a path; less than the contract allows, for a number that makes it unique."""


def _cut(limit: int) -> BeforeValidator:
    """Text of at most so many characters, of which each can be shown, out of whatever came."""
    return BeforeValidator(lambda value: "".join(one if one.isprintable() else "?" for one in str(value)[:limit]))


class Announced(BaseModel):
    """A file that is to follow."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    name: Annotated[str, _cut(512)]
    bytes: int = Field(ge=0)


class Dropped(BaseModel):
    """A file that does not come, and why."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    name: Annotated[str, _cut(128)]
    bytes: Annotated[int, Field(ge=0, lt=2**63)] = 0
    reason: Annotated[str, _cut(200)]


@dataclass(frozen=True)
class File:
    """A file that came whole."""

    name: str
    """Safe, and no other file's."""
    original: str
    """The program's word."""
    content: bytes


class Arriving:
    """Collects the files of one program."""

    def __init__(self, limits: FolderLimits) -> None:
        self._limits = limits
        self._room = limits.total_bytes
        self._files: list[tuple[Announced, bytearray]] = []
        self.dropped: list[Dropped] = []
        self.dropped_count = 0

    def announce(self, file: Announced) -> None:
        """The next bytes are this file's; `ValueError` where it breaks the limits or the last one is not complete."""
        if not self._complete:
            raise ValueError("an incomplete file")
        if len(self._files) == self._limits.files or file.bytes > min(self._limits.file_bytes, self._room):
            raise ValueError("more than was asked for")
        self._room -= file.bytes
        self._files.append((file, bytearray()))

    def append(self, data: bytes) -> None:
        """Take bytes; `ValueError` where more come than were announced."""
        if not self._files or len(self._files[-1][1]) + len(data) > self._files[-1][0].bytes:
            raise ValueError("bytes of no file")
        self._files[-1][1].extend(data)

    def drop(self, file: Dropped) -> None:
        """Note a file that does not come."""
        self.dropped_count += 1
        if len(self.dropped) < MAX_NAMED:
            self.dropped.append(file)

    def files(self) -> list[File]:
        """What came, in its order. A file that was cut off is among the dropped ones."""
        if not self._complete:
            file, data = self._files.pop()
            self.drop(Dropped(name=file.name, bytes=len(data), reason="was cut off"))
        names = unique_names([file.name for file, _ in self._files])
        return [File(name, file.name, bytes(data)) for name, (file, data) in zip(names, self._files, strict=True)]

    @property
    def _complete(self) -> bool:
        return not self._files or len(self._files[-1][1]) == self._files[-1][0].bytes


def unique_names(names: Sequence[str]) -> list[str]:
    """Safe names, each another, which can all be written below one folder; a safe one that is unique stays as it is.

    Upper and lower case are the same: to some file systems they are.
    """
    taken: set[str] = set()
    folders: set[str] = set()
    found = dict[int, str]()
    for place in sorted(range(len(names)), key=lambda place: safe_name(names[place]) != names[place]):
        name = _unused(safe_name(names[place]), taken, folders)
        taken.add(name.lower())
        folders.update(_folders(name.lower()))
        found[place] = name
    return [found[place] for place in range(len(names))]


def _unused(name: str, taken: Set[str], folders: Set[str]) -> str:
    """The name, changed where a file or folder has it, or where a file has that of its folder."""
    if any(folder in taken for folder in _folders(name.lower())):
        name = safe_name(name.replace("/", "_"))
    stem, ending = posixpath.splitext(name)
    number, found = 1, name
    while found.lower() in taken or found.lower() in folders:
        number += 1
        found = f"{stem}-{number}{ending}"
    return found


def safe_name(name: str) -> str:
    """A relative path of plain names out of any text; the same where it is one already (see `ARTIFACT_PATTERN`)."""
    parts = [part for part in name.split("/") if part]
    if len(parts) > MAX_PARTS:
        parts = [*parts[: MAX_PARTS - 1], "_".join(parts[MAX_PARTS - 1 :])]
    return "/".join(map(_safe_part, parts)) or "_"


def _safe_part(part: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", part)
    if len(plain) > PART_CHARACTERS:  # the ending says what kind of file it is
        plain = plain[: PART_CHARACTERS - 16] + plain[-16:]
    return plain if plain[0] not in ".-" else f"_{plain[1:]}"


def _folders(name: str) -> list[str]:
    """Every folder above a path."""
    parts = name.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]
