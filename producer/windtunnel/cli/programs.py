"""Programs as files: found in folders, named and read. May import the contract and errors."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from windtunnel.contract import MAX_CODE_BYTES, SUFFIXES
from windtunnel.errors import FieldProblem, InvalidInput
from windtunnel.texts import counted

MOST_LISTED = 10


@dataclass(frozen=True)
class Program:
    """A program's file. Its name is the path below the folder that was given, without the suffix."""

    file: Path
    name: str

    @classmethod
    def at(cls, file: Path, folder: Path | None = None) -> Program:
        """Name a file, in a folder or by itself; `-` is standard input."""
        if str(file) == "-":
            return cls(Path("/dev/stdin"), "stdin")
        path = file.relative_to(folder or file.parent).with_suffix("")
        return cls(file, re.sub(r"[^A-Za-z0-9._-]+", "-", str(path)).lstrip("._-")[:128] or "job")

    @property
    def language(self) -> str:
        """The language of this suffix; Python for an unknown one."""
        return SUFFIXES.get(self.file.suffix, "python")

    def read(self) -> bytes:
        """Give the file's bytes; `InvalidInput` names the file. Of one that never ends, little is read."""
        try:
            with self.file.open("rb") as opened:
                source = opened.read(MAX_CODE_BYTES + 1)
        except OSError as error:
            raise InvalidInput([FieldProblem(str(self.file), f"cannot be read: {error.strerror}")]) from error
        if len(source) > MAX_CODE_BYTES:
            problem = FieldProblem(str(self.file), f"is larger than {MAX_CODE_BYTES:,} bytes, the most for a program")
            raise InvalidInput([problem])
        return source

    def text(self) -> str:
        """Give the program's text, without a byte-order mark."""
        source = self.read()
        try:
            return source.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = source.count(b"\n", 0, error.start) + 1
            problem = FieldProblem(str(self.file), f"is not UTF-8 text, first in line {line:,}: {error.reason}")
            raise InvalidInput([problem], remedy="Save it as UTF-8.") from error


def find(paths: Iterable[Path]) -> list[Program]:
    """Find programs: each file as it is, and all programs in each folder and its subfolders.

    Hidden files and folders and `__init__.py` are skipped; links to folders are not followed.
    """
    return [program for path in paths for program in (_in_folder(path) if path.is_dir() else [Program.at(path)])]


def _in_folder(folder: Path) -> list[Program]:
    found = [Program.at(file, folder) for file in _files(folder) if _is_program(file)]
    if not found:
        raise InvalidInput([FieldProblem(str(folder), f"has no program ({', '.join(SUFFIXES)})")])
    return found


def _files(folder: Path) -> Iterator[Path]:
    for place, subfolders, names in os.walk(folder, onerror=_unreadable):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        yield from (Path(place, name) for name in sorted(names))


def _is_program(file: Path) -> bool:
    return file.suffix in SUFFIXES and file.name != "__init__.py" and not file.name.startswith(".")


def _unreadable(error: OSError) -> NoReturn:
    raise InvalidInput([FieldProblem(str(error.filename), f"cannot be read: {error.strerror}")]) from error


def listed(programs: list[Program]) -> str:
    """`2 programs: a.py, b.py`, cut after a few."""
    files = ", ".join(str(program.file) for program in programs[:MOST_LISTED])
    more = f" and {len(programs) - MOST_LISTED} more" if len(programs) > MOST_LISTED else ""
    return f"{counted(len(programs), 'program')}: {files}{more}"
