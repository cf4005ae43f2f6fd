"""The files of a program's working folder as they arrive: their names and contents are hostile, their sum is bounded.

Imports nothing of Docker.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from windtunnel_worker.sandbox.limits import FolderLimits

MAX_NAMED = 64
"""Dropped files that are named one by one: the warden's and the program's own."""
MAX_PARTS = 8
PART_CHARACTERS = 120
"""Of each name in a path; less than the contract allows, for a number that makes it unique."""


def _cut(limit: int) -> BeforeValidator:
    return BeforeValidator(lambda value: str(value).encode("utf-8", "replace").decode()[:limit])


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


class Arriving:
    """Collects the files of one program."""

    def __init__(self, limits: FolderLimits) -> None:
        self._limits = limits
        self._files: dict[str, tuple[str, bytearray]] = {}
        self._folders: set[str] = set()
        self._room = limits.total_bytes
        self._current: tuple[Announced, bytearray] | None = None
        self.dropped: list[Dropped] = []
        self.dropped_count = 0

    def announce(self, file: Announced) -> None:
        """The next bytes are this file's; `ValueError` where it breaks the limits or the last is not complete."""
        self._check_complete()
        if len(self._files) == self._limits.files or file.bytes > min(self._limits.file_bytes, self._room):
            raise ValueError("more than was asked for")
        self._room -= file.bytes
        self._current = file, bytearray()
        self._files[self._unused(safe_name(file.name))] = file.name, self._current[1]

    def append(self, data: bytes) -> None:
        """Take bytes; `ValueError` where there is no file or more comes than was announced."""
        if self._current is None or len(self._current[1]) + len(data) > self._current[0].bytes:
            raise ValueError("bytes of no file")
        self._current[1].extend(data)

    def drop(self, file: Dropped) -> None:
        """Note a file that does not come."""
        self.dropped_count += 1
        if len(self.dropped) < MAX_NAMED:
            self.dropped.append(file)

    def files(self) -> dict[str, tuple[str, bytes]]:
        """Safe name → the program's own name and the content. A file that was cut off is among the dropped ones."""
        try:
            self._check_complete()
        except ValueError:
            name, (original, data) = self._files.popitem()
            self.drop(Dropped(name=original or name, bytes=len(data), reason="was cut off"))
        self._current = None
        return {name: (original, bytes(data)) for name, (original, data) in self._files.items()}

    def _check_complete(self) -> None:
        if self._current is not None and len(self._current[1]) != self._current[0].bytes:
            raise ValueError("an incomplete file")

    def _unused(self, name: str) -> str:
        """The name, changed where a file or folder of that name is there, or a file where its folder should be."""
        if any(folder in self._files for folder in _folders(name)):
            name = safe_name(name.replace("/", "_"))
        stem, dot, ending = name.rpartition(".")
        if not dot or "/" in ending:
            stem, ending = name, ""
        number, found = 1, name
        while found in self._files or found in self._folders:
            number += 1
            found = f"{stem}-{number}{dot if ending else ''}{ending}"
        self._folders.update(_folders(found))
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
