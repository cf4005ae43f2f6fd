"""The store: bytes under their SHA-256, and small documents under names. May import filesystem and errors.

`blobs/<2 hex>/<sha256>` holds the bytes of datasets and artifacts; everything else is a document (see `manifests`).
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from windtunnel.errors import ObjectUnusable
from windtunnel.filesystem import BLOCK_BYTES, PARTIAL, File, FileSystem

__all__ = ["FRESH_S", "File", "Store", "Stored"]

FRESH_S = 86_400.0
"""An older object is written again when its bytes are put again. So its age, by which `prune` goes, stays true."""
MOST_DOCUMENT_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Stored:
    """An object of the store."""

    sha256: str
    bytes: int
    written_at: float
    """Seconds since the epoch."""


class Store:
    """Bytes under their digest, and documents under names. Cheap to build; safe between threads.

    `url` is a folder or any URL that fsspec knows. Every method raises `FileStoreUnavailable` if the store does not
    answer or cannot keep a file.
    """

    def __init__(self, url: str, *, setting: str = "WINDTUNNEL_STORE_URL") -> None:
        """`setting` is the variable that the URL comes from, for messages."""
        self._files = FileSystem(url, setting=setting)

    def __repr__(self) -> str:
        return f"Store({self.name!r})"

    @property
    def name(self) -> str:
        """The URL without its secrets, for messages."""
        return self._files.name

    # -- bytes under their digest --------------------------------------------------------------------

    def put(self, source: bytes | Path) -> str:
        """Store these bytes, or those of a file. Returns their digest. Existing bytes are not written again."""
        if isinstance(source, Path):
            with source.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            size = source.stat().st_size
        else:
            sha256, size = hashlib.sha256(source).hexdigest(), len(source)
        there = self._files.look(_blob(sha256), "keep a file")
        if there is None or there.bytes != size or time.time() - there.written_at > FRESH_S:
            self._files.write(_blob(sha256), source)
        return sha256

    def chunks(self, sha256: str) -> Iterator[bytes]:
        """The bytes, in parts. `ObjectUnusable` if they are missing, or at the end if they are damaged."""
        hashed = hashlib.sha256()
        with self.open(_blob(sha256)) as stream:
            while part := stream.read(BLOCK_BYTES):
                hashed.update(part)
                yield part
        if hashed.hexdigest() != sha256:
            raise ObjectUnusable(
                f"The store {self.name} has other bytes under {sha256} than were put there.",
                remedy="The store is damaged: remove that object and add the dataset again, or run the job again.",
            )

    def get(self, sha256: str) -> bytes:
        """All of the bytes. Raises as `chunks` does."""
        return b"".join(self.chunks(sha256))

    def has(self, sha256: str) -> bool:
        """True if there is an object under this digest."""
        return self._files.look(_blob(sha256)) is not None

    def delete(self, sha256: str) -> None:
        """Remove an object, if it is there."""
        self._files.remove(_blob(sha256))

    def objects(self) -> Iterator[Stored]:
        """Every object."""
        for file in self._files.files("blobs"):
            name = file.path.rpartition("/")[2]
            if re.fullmatch(r"[0-9a-f]{64}", name):
                yield Stored(name, file.bytes, file.written_at)

    def remove_leftovers(self, older_than_s: float, folder: str = "blobs") -> int:
        """Remove files below a folder that dead writers left incomplete. Returns how many."""
        count = 0
        for file in self._files.files(folder):
            if file.path.endswith(PARTIAL) and time.time() - file.written_at > older_than_s:
                self.remove(file.path)
                count += 1
        return count

    # -- documents and other files -------------------------------------------------------------------

    def write(self, path: str, source: bytes | Path) -> None:
        """Write a document, or a copy of a file, in place of what was there."""
        self._files.write(path, source)

    def read(self, path: str) -> bytes | None:
        """A document, or None if there is none."""
        try:
            with self._files.open(path) as stream:
                return bytes(stream.read(MOST_DOCUMENT_BYTES))
        except FileNotFoundError:
            return None

    def exists(self, path: str) -> bool:
        """True if there is a document with this name."""
        return self._files.look(path) is not None

    def documents(self, folder: str) -> list[tuple[str, float]]:
        """Paths of the documents below a folder, sorted, and when each was written, in seconds since the epoch."""
        return sorted((file.path, file.written_at) for file in self._files.files(folder) if file.path.endswith(".json"))

    def files(self, folder: str) -> list[File]:
        """Every file below a folder."""
        return list(self._files.files(folder))

    @contextmanager
    def open(self, path: str) -> Iterator[IO[bytes]]:
        """A file to read from. Raises as `chunks` does."""
        try:
            with self._files.open(path) as stream:
                yield stream
        except FileNotFoundError as error:
            raise ObjectUnusable(
                f"The store {self.name} has no {path.rpartition('/')[2]}.",
                remedy="Add the dataset or run the job again; all hosts and clients need one WINDTUNNEL_STORE_URL.",
            ) from error

    def address(self, path: str) -> str:
        """Where another program finds a file: its path, or its URL."""
        return self._files.address(path)

    def remove(self, path: str) -> None:
        """Remove a document, if it is there."""
        self._files.remove(path)


def _blob(sha256: str) -> str:
    return f"blobs/{sha256[:2]}/{sha256}"
