"""Files in a folder or an object store, through fsspec. May import errors only.

A file appears only when all of it is written, and every failure becomes a `FileStoreUnavailable` without secrets.
"""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit, urlunsplit

from windtunnel.errors import ExtraMissing, FileStoreUnavailable, WindtunnelError

BLOCK_BYTES = 4 * 2**20
PARTIAL = ".part"
"""Suffix of a file that is being written."""
WHOLE_AT_ONCE = ("s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "memory")
"""Protocols under which a file appears when it is complete. Elsewhere it is written under another name and moved."""
QUICK_TO_FAIL = {
    "s3": {"config_kwargs": {"connect_timeout": 5, "read_timeout": 20, "retries": {"max_attempts": 2}}},
}
"""Options for protocols whose defaults would let a slot wait for minutes."""


@dataclass(frozen=True)
class File:
    """A file: its path below the root, its size, and when it was written."""

    path: str
    bytes: int
    written_at: float
    """Seconds since the epoch."""


class FileSystem:
    """The files at a URL. Connects when first used, and again after a fork; safe between threads.

    `url` is a folder or any URL that fsspec knows; `setting` is the variable it comes from, for messages.
    """

    def __init__(self, url: str, *, setting: str) -> None:
        self._url = url if "://" in url else f"file://{url}"
        self._setting = setting
        self._opened: tuple[int, Any, str] | None = None

    @property
    def name(self) -> str:
        """The URL without its secrets, for messages."""
        parts = urlsplit(self._url)
        user, at, host = parts.netloc.rpartition("@")
        netloc = f"{user.partition(':')[0]}:***@{host}" if at else host
        query = re.sub(r"=[^&]*", "=***", parts.query)
        return urlunsplit(parts._replace(netloc=netloc, query=query)).removeprefix("file://")

    def look(self, path: str, purpose: str = "look for a file") -> File | None:
        """A file's size and age; None if there is no such file. `purpose` is for the message of a failure."""
        with self._failures(purpose):
            try:
                found = self._fs.info(self._place(path))
            except FileNotFoundError:
                return None
            return File(path, int(found["size"]), _written_at(found))

    def files(self, folder: str) -> Iterator[File]:
        """Every file below a folder."""
        with self._failures("list its files"):
            fs, root = self._open()
            try:
                found = fs.find(f"{root}/{folder}", detail=True)
            except FileNotFoundError:
                return
            for path, what in found.items():
                yield File(path.removeprefix(f"{root}/"), int(what["size"]), _written_at(what))

    @contextmanager
    def open(self, path: str) -> Iterator[IO[bytes]]:
        """A file to read from; `FileNotFoundError` if there is none."""
        missing = None
        with self._failures("read a file"):
            try:
                stream = self._fs.open(self._place(path), "rb", block_size=BLOCK_BYTES)
            except FileNotFoundError as error:
                missing = error
            else:
                with stream:
                    yield stream
        if missing is not None:
            raise missing

    def write(self, path: str, source: bytes | Path) -> None:
        """Write bytes, or a copy of a file, in place of what was there."""
        with self._failures("keep a file"):
            self._write(self._place(path), source)

    def remove(self, path: str) -> None:
        """Remove a file, if it is there."""
        with self._failures("remove a file"), suppress(FileNotFoundError):
            self._fs.rm_file(self._place(path))

    def address(self, path: str) -> str:
        """Where another program finds a file: its path, or its URL."""
        return str(self._fs.unstrip_protocol(self._place(path))).removeprefix("file://")

    # ------------------------------------------------------------------------------------------------

    @property
    def _fs(self) -> Any:
        return self._open()[0]

    def _place(self, path: str) -> str:
        return f"{self._open()[1]}/{path}"

    def _open(self) -> tuple[Any, str]:
        """The file system of fsspec, and the root in it."""
        if self._opened is None or self._opened[0] != os.getpid():
            try:
                import fsspec
            except ImportError as error:
                raise ExtraMissing("The store of datasets and artifacts", "data") from error
            protocol = urlsplit(self._url).scheme
            options = QUICK_TO_FAIL.get(protocol, {})
            try:
                fs, root = fsspec.core.url_to_fs(
                    self._url, skip_instance_cache=True, use_listings_cache=False, **options
                )
            except ImportError as error:
                raise ExtraMissing(f"A store at {protocol}://", "s3" if protocol == "s3" else "data") from error
            self._opened = os.getpid(), fs, str(root).rstrip("/")
        return self._opened[1:]

    @property
    def _is_folder(self) -> bool:
        return self._url.startswith("file://")

    def _write(self, place: str, source: bytes | Path) -> None:
        whole_at_once = urlsplit(self._url).scheme in WHOLE_AT_ONCE
        folder, _, name = place.rpartition("/")  # hidden, so that nobody takes it for a complete file
        target = place if whole_at_once else f"{folder}/.{name}.{secrets.token_hex(8)}{PARTIAL}"
        try:
            if self._is_folder:
                self._make_folder(Path(place).parent)
            elif not whole_at_once:
                self._fs.makedirs(folder, exist_ok=True)
            if isinstance(source, Path):
                self._fs.put_file(str(source), target)
            else:
                self._fs.pipe_file(target, source)
            if self._is_folder:
                os.chmod(target, self._mode & 0o666)
            if target != place:
                self._fs.mv(target, place)
        except BaseException:
            if target != place:
                with suppress(Exception):
                    self._fs.rm_file(target)
            raise

    @property
    def _mode(self) -> int:
        """The permissions of the root folder, which its files and subfolders get too."""
        return os.stat(self._open()[1]).st_mode & 0o2777

    def _make_folder(self, folder: Path) -> None:
        root = Path(self._open()[1])
        if not root.is_dir():
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
        for missing in reversed([place for place in (folder, *folder.parents) if place.is_relative_to(root)]):
            if not missing.is_dir():
                missing.mkdir(exist_ok=True)
                missing.chmod(self._mode)

    @contextmanager
    def _failures(self, what: str) -> Iterator[None]:
        """Raise `FileStoreUnavailable` for whatever fsspec raises."""
        try:
            yield
        except WindtunnelError:
            raise
        except Exception as error:  # each library behind fsspec has exceptions of its own
            raise FileStoreUnavailable(
                f"The store {self.name} cannot {what}: {self._without_secrets(error)}.",
                remedy=f"Check its free space and permissions, or set {self._setting} to this deployment's store.",
            ) from error

    def _without_secrets(self, error: Exception) -> str:
        text = f"{type(error).__name__}: {error}"[:300].removesuffix(".")
        credentials = urlsplit(self._url).netloc.rpartition("@")[0]
        for secret in (credentials.partition(":")[2], urlsplit(self._url).query):
            text = text.replace(secret, "***") if secret else text
        return text


def _written_at(what: dict[str, Any]) -> float:
    """When a file was written: each file system has its own name for that."""
    for name in ("mtime", "LastModified", "last_modified", "updated", "created", "modified"):
        when = what.get(name)
        if isinstance(when, datetime):
            return when.timestamp()
        if isinstance(when, int | float):
            return float(when)
    return time.time()
