"""Which of the job's datasets a program means by a file name: many are written with `read_csv("prices.csv")`.

A file that is not there is answered with the dataset that is called so, or for which the job has it as an alias, and
stderr says so. Any other name is refused with the names of the datasets.
Standard library only. Nothing here is trusted: the program can change all of it in its own process.
"""

from __future__ import annotations

import builtins
import errno
import functools
import io
import os
import re
import sys
from collections.abc import Mapping
from typing import Any

from failures import PROGRAM
from folder import FOLDER
from frames import Datasets

CONVERTED = "/tmp/datasets"  # noqa: S108 - inside the sandbox
"""Where a dataset is written in the form that a program asks for."""
KINDS = {"csv": "csv", "txt": "csv", "tsv": "tsv", "parquet": "parquet", "pq": "parquet", "feather": "feather"}
"""A name's ending → the form of the file."""
RESULTS = frozenset(
    """backtest config equity log metrics model models order orders out output outputs params parameters performance
    portfolio position positions prediction predictions report reports result results settings signal signals state
    strategy summary trade trades weights""".split()  # noqa: SIM905 - so they can be read
)
"""A file whose name has one of these words is what a program writes, never its data."""

Words = tuple[str, ...]
_WORD = re.compile(r"[^\W\d_]+|\d+")
_open, _stat = builtins.open, os.stat
_names: Names | None = None


class Names:
    """File names and what they stand for, in one job."""

    def __init__(self, data: Datasets, aliases: Mapping[str, str], *, changed: bool) -> None:
        self._data, self._aliases = data, aliases
        self.changed = changed
        """The frames differ from the files: a dataset's own file is answered with its frame."""
        self._words = {name: _words(name) for name in data}
        self._noted: set[str] = set()

    def answer(self, path: Any) -> str | None:
        """A file that can be read in place of one that is not there; None where the name means no dataset."""
        kind, name = self._meaning(path)
        if name is None:
            return None
        if path not in self._noted and not self.changed:
            self._noted.add(path)
            note = f'there is no file {path!r} here; it is answered with this job\'s dataset, data["{name}"]'
            sys.stderr.write(f"{PROGRAM}{_line()}: {note}\n")
        return self._file(name, kind)

    def own_file(self, path: str) -> str | None:
        """In a run on changed data, what is read in place of a dataset's own file; None for any other path.

        `FileNotFoundError` for what has no such form: the file would show the data that was changed.
        """
        if not self.changed or not (whole := os.path.abspath(path)).startswith("/data/"):
            return None
        answer = self.answer(whole)
        if answer is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return answer

    def refusal(self, path: Any) -> FileNotFoundError | None:
        """The error that names the datasets, for a name that may mean one of them and is no file."""
        if not _plausible(path):
            return None
        found = ", ".join(f'data["{name}"]' for name in self._data)
        text = f"No such file; this job's datasets are {found}" if found else "No such file; this job names no datasets"
        return FileNotFoundError(errno.ENOENT, text, path)

    def _meaning(self, path: Any) -> tuple[str, str | None]:
        if not _plausible(path):
            return "", None
        stem, ending = os.path.splitext(path)
        exact = os.path.basename(stem)
        words, whole = _words(exact), _words(stem.removeprefix(FOLDER).removeprefix("/data/"))
        alias = self._aliases.get(os.path.basename(path))
        found = [name for name in self._data if name == (alias or exact)] or [
            name for name, own in self._words.items() if own == words
        ]
        if not found and RESULTS.isdisjoint(words):
            found = [name for name, own in self._words.items() if _within(own, whole)]
        return KINDS[ending[1:].lower()], found[0] if len(found) == 1 else None

    def _file(self, name: str, kind: str) -> str:
        path = self._data.paths[name]
        if path.endswith(f".{kind}") and not self.changed:
            return path
        made = f"{CONVERTED}/{name}.{kind}"
        if self.changed or not os.path.lexists(made):
            os.makedirs(CONVERTED, exist_ok=True)
            _write(self._data[name], made, kind)
        return made


def _plausible(path: Any) -> bool:
    """Whether this looks like the name of a data file beside the program, or among the datasets."""
    if not isinstance(path, str) or os.path.splitext(path)[1][1:].lower() not in KINDS:
        return False
    return ".." not in path.split("/") and (not path.startswith("/") or path.startswith((f"{FOLDER}/", "/data/")))


def _line() -> str:
    """Where in the program this is."""
    frame = sys._getframe()
    while frame.f_back is not None and frame.f_code.co_filename != PROGRAM:
        frame = frame.f_back
    return f", line {frame.f_lineno}" if frame.f_code.co_filename == PROGRAM else ""


def _words(text: str) -> Words:
    return tuple(_WORD.findall(text.lower()))


def _within(inner: Words, outer: Words) -> bool:
    return bool(inner) and any(outer[at : at + len(inner)] == inner for at in range(len(outer)))


def _write(frame: Any, path: str, kind: str) -> None:
    if kind in ("csv", "tsv"):
        label = frame.index.name or ("Date" if type(frame.index).__name__ == "DatetimeIndex" else None)
        frame.to_csv(path, sep="\t" if kind == "tsv" else ",", index_label=label)
    elif kind == "parquet":
        frame.to_parquet(path)
    else:
        frame.reset_index().to_feather(path)


def watch() -> None:
    """Look at files that are opened and asked for from now on. Done before any library is loaded that keeps `open`."""
    builtins.open = io.open = _watched_open
    os.stat = _watched_stat


def settle(data: Datasets, aliases: Mapping[str, str], *, changed: bool = False) -> None:
    """Answer with these datasets; `aliases` are further file names of them."""
    global _names  # noqa: PLW0603 - one program a process
    _names = Names(data, aliases, changed=changed)


def forget() -> None:
    """Answer with nothing until the next `settle`."""
    global _names  # noqa: PLW0603
    _names = None


def found(path: Any) -> Any:
    """For a library that opens files itself: the path of what it is to read. `FileNotFoundError` names the datasets."""
    name = os.fspath(path) if isinstance(path, os.PathLike) else path
    if _names is None or not isinstance(name, str):
        return path
    if own := _names.own_file(name):
        return own
    if os.path.lexists(name):
        return path
    answer = _names.answer(name)
    if answer is None and (refusal := _names.refusal(name)):
        raise refusal
    return answer or path


@functools.wraps(_open)
def _watched_open(file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
    reads = _names is not None and "r" in mode and "+" not in mode
    path = os.fspath(file) if reads and isinstance(file, os.PathLike) else file
    if reads and isinstance(path, str):
        file = _names.own_file(path) or file  # type: ignore[union-attr]
    try:
        return _open(file, mode, *arguments, **options)
    except FileNotFoundError:
        if not reads:
            raise
        other = _names.answer(path)  # type: ignore[union-attr]
        refusal = None if other else _names.refusal(path)  # type: ignore[union-attr]
        if refusal is not None:
            raise refusal from None
        if other is None:
            raise
    return _open(other, mode, *arguments, **options)


@functools.wraps(_stat)
def _watched_stat(path: Any, *arguments: Any, **options: Any) -> os.stat_result:
    try:
        return _stat(path, *arguments, **options)
    except FileNotFoundError:
        name = os.fspath(path) if isinstance(path, os.PathLike) else path
        other = _names.answer(name) if _names is not None else None
        if other is None:
            raise
    return _stat(other)
