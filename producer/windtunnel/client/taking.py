"""Copies a file that a user names into a private folder; only regular files are taken. Imports errors only."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from windtunnel.errors import FieldProblem, InvalidInput

CHUNK_BYTES = 4 * 2**20


def take(file: Path, folder: Path, max_bytes: int) -> tuple[Path, str]:
    """Copy a regular file into a folder, readable by this user only. Returns the copy and the SHA-256 of its bytes.

    `InvalidInput` for a link, a FIFO, a device or a folder, which are never opened for reading, and for a file that is
    too large. The kind of file is found from its content, since vendors also call tables .txt, .tsv or .prn.
    """
    copy = folder / "file"
    hashed, size = hashlib.sha256(), 0
    too_large = refused(
        f"{file.name} is larger than {max_bytes // 2**20:,} MB",
        "Set WINDTUNNEL_DATASET_MAX_MB to more, or add a smaller file, for example as Parquet.",
    )
    with (
        os.fdopen(_opened(file), "rb") as source,
        os.fdopen(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target,
    ):
        if os.fstat(source.fileno()).st_size > max_bytes:
            raise too_large
        while part := source.read(CHUNK_BYTES):
            size += len(part)
            if size > max_bytes:  # it grows, or does not say its size, as those in /proc
                raise too_large
            hashed.update(part)
            target.write(part)
    return copy, hashed.hexdigest()


def refused(message: str, remedy: str) -> InvalidInput:
    """The error for a file that is not taken."""
    return InvalidInput([FieldProblem("file", message)], remedy=remedy)


def _opened(file: Path) -> int:
    """Open a regular file and nothing else: opening a FIFO waits for a writer, and opening some devices has effects."""
    try:
        found = os.lstat(file)
        if stat.S_ISLNK(found.st_mode):
            raise refused(f"{file} is a link", "Give the file itself: links are not followed.")
        if not stat.S_ISREG(found.st_mode):
            raise refused(f"{file} is not a regular file", "Give a CSV or Parquet file.")
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise refused(f"{file} cannot be read: {error.strerror}", "Give a CSV or Parquet file.") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):  # it was replaced in between
        os.close(descriptor)
        raise refused(f"{file} is not a regular file", "Give a CSV or Parquet file.")
    return descriptor
