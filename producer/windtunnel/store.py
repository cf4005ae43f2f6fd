"""The store: bytes under their SHA-256, and small documents under names. Through fsspec. May import errors only.

`blobs/<2 hex>/<sha256>` holds the bytes of datasets and artifacts; everything else is a document (`manifests`).
"""

from __future__ import annotations

import hashlib
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

from windtunnel.errors import ExtraMissing, FileStoreUnavailable, ObjectUnusable, WindtunnelError

CHUNK_BYTES = 4 * 2**20
FRESH_S = 86_400.0
"""An older object is written again when its bytes are put again: its age, by which `prune` goes, says when that was."""
MOST_DOCUMENT_BYTES = 64 * 2**20
WHOLE_AT_ONCE = ("s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "memory")
"""Stores in which a file appears when all of it is written. In others it is written beside its place and moved."""
QUICK_TO_FAIL = {
    "s3": {"config_kwargs": {"connect_timeout": 5, "read_timeout": 20, "retries": {"max_attempts": 2}}},
}
"""Options of stores whose own defaults would have a slot wait for minutes."""


@dataclass(frozen=True)
class Stored:
    """An object of the store."""

    sha256: str
    bytes: int
    written_at: float
    """Seconds since the epoch."""


@dataclass(frozen=True)
class File:
    """A file of the store that is found by its name."""

    path: str
    bytes: int
    written_at: float
    """Seconds since the epoch."""


class Store:
    """Bytes under their digest. Cheap to build: it connects when first used, anew after a fork; safe between threads.

    `url` is a folder or any URL that fsspec knows. Every method raises `FileStoreUnavailable` where the store does not
    answer or cannot keep a file.
    """

    def __init__(self, url: str, *, setting: str = "WINDTUNNEL_STORE_URL") -> None:
        """`setting`: where the URL comes from, for messages."""
        self._url = url if "://" in url else f"file://{url}"
        self._setting = setting
        self._opened: tuple[int, Any, str] | None = None

    def __repr__(self) -> str:
        return f"Store({self.name!r})"

    @property
    def name(self) -> str:
        """The URL without its secrets, for messages."""
        parts = urlsplit(self._url)
        user, at, host = parts.netloc.rpartition("@")
        netloc = f"{user.partition(':')[0]}:***@{host}" if at else host
        query = re.sub(r"=[^&]*", "=***", parts.query)
        return urlunsplit(parts._replace(netloc=netloc, query=query)).removeprefix("file://")

    # -- bytes under their digest --------------------------------------------------------------------

    def put(self, source: bytes | Path) -> str:
        """Keep these bytes, or those of a file. Returns their digest. What is there already is not written again."""
        if isinstance(source, Path):
            with source.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            size = source.stat().st_size
        else:
            sha256, size = hashlib.sha256(source).hexdigest(), len(source)
        with self._answers("keep a file"):
            place = self._place(_blob(sha256))
            there = self._look(place)
            if there is None or there[0] != size or time.time() - there[1] > FRESH_S:
                self._write(place, source)
        return sha256

    def chunks(self, sha256: str) -> Iterator[bytes]:
        """The bytes, in parts. `ObjectUnusable` where they are missing, or at the end where they are others."""
        hashed = hashlib.sha256()
        with self._answers("read a file"), self._stream(_blob(sha256)) as stream:
            while part := stream.read(CHUNK_BYTES):
                hashed.update(part)
                yield part
        if hashed.hexdigest() != sha256:
            raise ObjectUnusable(
                f"The store {self.name} has other bytes under {sha256} than were put there.",
                remedy="The store is damaged: remove that object and add the dataset again, or run the job again.",
            )

    def get(self, sha256: str) -> bytes:
        """The bytes, whole. Raises as `chunks` does."""
        return b"".join(self.chunks(sha256))

    def has(self, sha256: str) -> bool:
        """True where there is an object under this digest."""
        with self._answers("look for a file"):
            return self._look(self._place(_blob(sha256))) is not None

    def delete(self, sha256: str) -> None:
        """Remove an object, if it is there."""
        self.remove(_blob(sha256))

    def objects(self) -> Iterator[Stored]:
        """Every object."""
        for path, size, written_at in self._found("blobs"):
            name = path.rpartition("/")[2]
            if re.fullmatch(r"[0-9a-f]{64}", name):
                yield Stored(name, size, written_at)

    def remove_leftovers(self, older_than_s: float, folder: str = "blobs") -> int:
        """Remove what writers that died have left half-written below a folder; returns how many."""
        count = 0
        for path, _, written_at in self._found(folder):
            if path.endswith(".part") and time.time() - written_at > older_than_s:
                self.remove(path)
                count += 1
        return count

    # -- documents -----------------------------------------------------------------------------------

    def write(self, path: str, source: bytes | Path) -> None:
        """Write a document, or the bytes of a file, in place of what was there."""
        with self._answers("keep a file"):
            self._write(self._place(path), source)

    def read(self, path: str) -> bytes | None:
        """A document, or None where there is none."""
        with self._answers("read a file"):
            try:
                with self._filesystem.open(self._place(path), "rb") as stream:
                    return bytes(stream.read(MOST_DOCUMENT_BYTES))
            except FileNotFoundError:
                return None

    def exists(self, path: str) -> bool:
        """True where there is a document of this name."""
        with self._answers("look for a file"):
            return self._look(self._place(path)) is not None

    def documents(self, folder: str) -> list[tuple[str, float]]:
        """Paths of the documents below a folder, in their order; when each was written, in seconds since the epoch."""
        return sorted((path, written_at) for path, _, written_at in self._found(folder) if path.endswith(".json"))

    def files(self, folder: str) -> list[File]:
        """Every file below a folder."""
        return [File(*found) for found in self._found(folder)]

    @contextmanager
    def open(self, path: str) -> Iterator[IO[bytes]]:
        """A file to read from. Raises as `chunks` does."""
        with self._answers("read a file"), self._stream(path) as stream:
            yield stream

    def address(self, path: str) -> str:
        """Where another program finds a file: its path, or its URL."""
        return str(self._filesystem.unstrip_protocol(self._place(path))).removeprefix("file://")

    def remove(self, path: str) -> None:
        """Remove a document, if it is there."""
        with self._answers("remove a file"), suppress(FileNotFoundError):
            self._filesystem.rm_file(self._place(path))

    # -- fsspec --------------------------------------------------------------------------------------

    @property
    def _filesystem(self) -> Any:
        return self._open()[0]

    def _open(self) -> tuple[Any, str]:
        """The file system, and where in it the store is."""
        if self._opened is None or self._opened[0] != os.getpid():
            try:
                import fsspec
            except ImportError as error:
                raise ExtraMissing("The store of datasets and artifacts", "data") from error
            protocol = urlsplit(self._url).scheme
            options = QUICK_TO_FAIL.get(protocol, {})
            try:
                filesystem, root = fsspec.core.url_to_fs(
                    self._url, skip_instance_cache=True, use_listings_cache=False, **options
                )
            except ImportError as error:
                raise ExtraMissing(f"A store at {protocol}://", "s3" if protocol == "s3" else "data") from error
            self._opened = os.getpid(), filesystem, str(root).rstrip("/")
        return self._opened[1:]

    @property
    def _is_folder(self) -> bool:
        return self._url.startswith("file://")

    def _place(self, path: str) -> str:
        return f"{self._open()[1]}/{path}"

    def _look(self, place: str) -> tuple[int, float] | None:
        """Size of a file and when it was written, or None where there is none."""
        try:
            found = self._filesystem.info(place)
        except FileNotFoundError:
            return None
        return int(found["size"]), _written_at(found)

    def _found(self, folder: str) -> Iterator[tuple[str, int, float]]:
        """Path below the store, size and age of every file below a folder of it."""
        with self._answers("list its files"):
            filesystem, root = self._open()
            try:
                found = filesystem.find(f"{root}/{folder}", detail=True)
            except FileNotFoundError:
                return
            for path, what in found.items():
                yield path.removeprefix(f"{root}/"), int(what["size"]), _written_at(what)

    @contextmanager
    def _stream(self, path: str) -> Iterator[IO[bytes]]:
        try:
            stream = self._filesystem.open(self._place(path), "rb", block_size=CHUNK_BYTES)
        except FileNotFoundError as error:
            raise ObjectUnusable(
                f"The store {self.name} has no {path.rpartition('/')[2]}.",
                remedy="Add the dataset or run the job again; all hosts and clients need one WINDTUNNEL_STORE_URL.",
            ) from error
        with stream:
            yield stream

    def _write(self, place: str, source: bytes | Path) -> None:
        filesystem = self._filesystem
        whole_at_once = urlsplit(self._url).scheme in WHOLE_AT_ONCE
        folder, _, name = place.rpartition("/")  # hidden, so that nobody takes it for a file that is complete
        target = place if whole_at_once else f"{folder}/.{name}.{secrets.token_hex(8)}.part"
        try:
            if self._is_folder:
                self._make_folder(Path(place).parent)
            elif not whole_at_once:
                filesystem.makedirs(folder, exist_ok=True)
            if isinstance(source, Path):
                filesystem.put_file(str(source), target)
            else:
                filesystem.pipe_file(target, source)
            if self._is_folder:
                os.chmod(target, self._mode & 0o666)
            if target != place:
                filesystem.mv(target, place)
        except BaseException:
            if target != place:
                with suppress(Exception):
                    filesystem.rm_file(target)
            raise

    @property
    def _mode(self) -> int:
        """The permissions of the store's folder: whoever may use that may use the files in it."""
        return os.stat(self._open()[1]).st_mode & 0o2777

    def _make_folder(self, folder: Path) -> None:
        root = Path(self._open()[1])
        if not root.is_dir():
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
        for missing in reversed([one for one in (folder, *folder.parents) if one.is_relative_to(root)]):
            if not missing.is_dir():
                missing.mkdir(exist_ok=True)
                missing.chmod(self._mode)

    @contextmanager
    def _answers(self, what: str) -> Iterator[None]:
        try:
            yield
        except WindtunnelError:
            raise
        except Exception as error:  # each library behind fsspec has exceptions of its own
            raise FileStoreUnavailable(
                f"The store {self.name} cannot {what}: {self._without_secrets(error)}.",
                remedy=f"See to its free space and permissions, or set {self._setting} to this deployment's.",
            ) from error

    def _without_secrets(self, error: Exception) -> str:
        text = f"{type(error).__name__}: {error}"[:300].removesuffix(".")
        credentials = urlsplit(self._url).netloc.rpartition("@")[0]
        for secret in (credentials.partition(":")[2], urlsplit(self._url).query):
            text = text.replace(secret, "***") if secret else text
        return text


def _blob(sha256: str) -> str:
    return f"blobs/{sha256[:2]}/{sha256}"


def _written_at(what: dict[str, Any]) -> float:
    """When a file was written: each file system has a name of its own for it."""
    for name in ("mtime", "LastModified", "last_modified", "updated", "created", "modified"):
        when = what.get(name)
        if isinstance(when, datetime):
            return when.timestamp()
        if isinstance(when, int | float):
            return float(when)
    return time.time()
