"""The datasets of one execution host: files kept under their content hash, found by name. Knows no Docker."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from windtunnel.contract import Contract, Name
from windtunnel.errors import DatasetUnavailable, FieldProblem, InvalidInput

FORMATS = (".csv", ".parquet")
PARQUET_MAGIC = b"PAR1"
SANDBOX_DIR = "/data"

Mark = tuple[int, int, int]
"""Inode, size and time of a file's last change: the same as long as nobody changes it."""


class Dataset(Contract):
    """One registered version of a dataset."""

    name: Name
    format: str
    """`csv` or `parquet`."""
    sha256: str
    bytes: int
    added_at: datetime
    columns_sha256: str = ""
    """Of its columns as Arrow memory; empty where there are none."""

    @property
    def sandbox_path(self) -> str:
        """Where a program finds the file."""
        return f"{SANDBOX_DIR}/{self.name}.{self.format}"

    @property
    def columns_path(self) -> str:
        """Where Python finds the columns."""
        return f"{SANDBOX_DIR}/{self.name}.arrow"


class DatasetRegistry:
    """`<dir>/datasets/<sha256>.<format>` holds the files, `<sha256>.arrow` columns, `index.json` the names."""

    def __init__(self, data_dir: Path) -> None:
        self._dir = data_dir / "datasets"
        self._index = self._dir / "index.json"
        self._checked: dict[Path, Mark] = {}
        self._read: tuple[Mark, dict[str, Dataset]] | None = None
        """The index as it was last read; it is read again when its file is another one."""
        self._resolved: tuple[tuple[str, ...], dict[str, Mark], Mapping[Dataset, Path]] | None = None
        """What was resolved last, and the marks of all files that it rests on."""

    def add(self, name: str, file: Path, convert: Callable[[Path, Path], bool] | None = None) -> Dataset:
        """Copy a CSV or Parquet file in under this name; a name that exists then stands for the new content.

        `convert` fills the second file with the first one's columns as Arrow memory; False if it cannot.

        Raises `InvalidInput` for a bad name, an unknown format or a file that cannot be read, and `DatasetUnavailable`
        when the host cannot keep it.
        """
        if file.suffix not in FORMATS:
            raise _bad(f"{file.name} is neither .csv nor .parquet")
        try:
            source = file.open("rb")
        except OSError as error:
            raise _bad(f"{file} cannot be read: {error.strerror}") from error
        with source, self._new_file() as kept:
            with kept.open("wb") as copy:
                shutil.copyfileobj(source, copy, 1024 * 1024)
            _check_content(kept, file.suffix)
            digest = _sha256(kept)
            dataset = Dataset(
                name=name,
                format=file.suffix[1:],
                sha256=digest,
                bytes=kept.stat().st_size,
                added_at=datetime.now(UTC),
            )
            kept.chmod(0o444)
            kept.rename(self._file(dataset))
        if convert:
            dataset = self._with_columns(dataset, convert)
        self._write_index({**self._read_index(), name: dataset})
        return dataset

    def _with_columns(self, dataset: Dataset, convert: Callable[[Path, Path], bool]) -> Dataset:
        with self._new_file() as columns:
            if not convert(self._file(dataset), columns):
                return dataset
            dataset = dataset.model_copy(update={"columns_sha256": _sha256(columns)})
            columns.chmod(0o444)
            columns.rename(self.columns_file(dataset))
        return dataset

    def all(self) -> list[Dataset]:
        """All names with what they stand for now."""
        return sorted(self._read_index().values(), key=lambda dataset: dataset.name)

    def verify(self, name: str) -> Dataset:
        """Read a dataset's file whole and check its content hash; `DatasetUnavailable` says what is wrong."""
        (dataset,) = self._named((name,))
        self._checked.clear()
        self._verify(dataset)
        return dataset

    def remove(self, name: str) -> Dataset:
        """Forget a name; its file goes when no other name stands for it. A job that has it mounted keeps it."""
        (dataset,) = self._named((name,))
        index = dict(self._read_index())
        del index[name]
        self._write_index(index)
        used = {path for other in index.values() for path in self._files(other)}
        for path in self._files(dataset).keys() - used:
            path.unlink(missing_ok=True)
        return dataset

    def resolve(self, names: tuple[str, ...]) -> Mapping[Dataset, Path]:
        """Each named dataset and its verified file on this host; `DatasetUnavailable` says what is wrong.

        The same names give the very same mapping until the index or one of the files changes.
        """
        if self._resolved is not None:
            known, marks, found = self._resolved
            if known == names and all(_mark_of(path) == mark for path, mark in marks.items()):
                return found
        datasets = self._named(names)
        for dataset in datasets:
            self._verify(dataset)
        found = {dataset: self._file(dataset) for dataset in datasets}
        marks = {str(path): self._checked[path] for dataset in datasets for path in self._files(dataset)}
        if self._read is not None:
            marks[str(self._index)] = self._read[0]
        self._resolved = names, marks, found
        return found

    def _named(self, names: tuple[str, ...]) -> list[Dataset]:
        index = self._read_index()
        for name in names:
            if name not in index:
                raise DatasetUnavailable(
                    f"Dataset {name!r} is not registered on this host.",
                    remedy=f"Run `windtunnel datasets add {name} FILE` there.",
                )
        return [index[name] for name in names]

    def _verify(self, dataset: Dataset) -> None:
        for path, sha256 in self._files(dataset).items():
            if not self._intact(path, sha256):
                raise DatasetUnavailable(
                    f"Dataset {dataset.name!r} is missing or has changed since it was added ({path}).",
                    remedy=f"Run `windtunnel datasets add {dataset.name} FILE` with the right content.",
                )

    def _intact(self, path: Path, sha256: str) -> bool:
        """Check the content hash; a file whose inode, size and time are as last checked is not read again."""
        try:
            mark = _mark(os.stat(path))
            intact = self._checked.get(path) == mark or _sha256(path) == sha256
        except OSError:
            return False
        if intact:
            self._checked[path] = mark
        return intact

    def _files(self, dataset: Dataset) -> dict[Path, str]:
        """What is kept of a dataset: file → content hash."""
        files = {self._file(dataset): dataset.sha256}
        if dataset.columns_sha256:
            files[self.columns_file(dataset)] = dataset.columns_sha256
        return files

    def _file(self, dataset: Dataset) -> Path:
        return self._dir / f"{dataset.sha256}.{dataset.format}"

    def columns_file(self, dataset: Dataset) -> Path:
        """Where the host keeps its columns."""
        return self._dir / f"{dataset.columns_sha256}.arrow"

    def _read_index(self) -> dict[str, Dataset]:
        try:
            if self._read is None or self._read[0] != _mark(os.stat(self._index)):
                with self._index.open() as file:
                    self._read = _mark(os.fstat(file.fileno())), self._parse_index(file.read())
        except FileNotFoundError:
            return {}
        return self._read[1]

    def _parse_index(self, text: str) -> dict[str, Dataset]:
        try:
            return {name: Dataset.model_validate(entry) for name, entry in json.loads(text).items()}
        except (ValueError, AttributeError) as error:
            raise DatasetUnavailable(
                f"The index of datasets {self._index} is broken.",
                remedy="Remove it and run `windtunnel datasets add` again.",
            ) from error

    def _write_index(self, index: dict[str, Dataset]) -> None:
        text = json.dumps({name: entry.model_dump(mode="json") for name, entry in index.items()}, indent=1)
        with self._new_file() as fresh:
            fresh.write_text(text)
            fresh.chmod(0o644)
            fresh.rename(self._index)

    @contextmanager
    def _new_file(self) -> Iterator[Path]:
        """An empty file beside the others, gone afterwards unless it was renamed."""
        try:
            self._dir.mkdir(parents=True, exist_ok=True)
            fd, path = tempfile.mkstemp(dir=self._dir)
            os.close(fd)
            try:
                yield Path(path)
            finally:
                Path(path).unlink(missing_ok=True)
        except OSError as error:
            raise DatasetUnavailable(
                f"{self._dir} cannot store a file: {error.strerror}.",
                remedy="Free space there, see to its permissions, or set WINDTUNNEL_DATA_DIR to another directory.",
            ) from error


def _mark_of(path: str) -> Mark | None:
    try:
        return _mark(os.stat(path))
    except FileNotFoundError:
        return None


def _mark(status: os.stat_result) -> Mark:
    return status.st_ino, status.st_size, status.st_mtime_ns


def _check_content(file: Path, suffix: str) -> None:
    with file.open("rb") as stream:
        head = stream.read(4096)
    if suffix == ".parquet" and not head.startswith(PARQUET_MAGIC):
        raise _bad("it is called .parquet but is no Parquet file")
    if suffix == ".csv" and (not head.strip() or b"\0" in head):
        raise _bad("it is called .csv but is empty or binary")


def _bad(message: str) -> InvalidInput:
    return InvalidInput([FieldProblem("file", message)], remedy="Give a CSV or Parquet file.")


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
