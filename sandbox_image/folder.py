"""What of a program's working folder goes to the host at its end, and what does not, and why.

Part of the warden: standard library only. It looks when every process of the program has ended, so nothing changes
under its eyes. It follows no link and opens only what is a plain file; names are the program's and are sent as such.
"""

from __future__ import annotations

import json
import os
import stat
from collections import deque
from collections.abc import Callable, Iterator, Mapping

FOLDER = "/tmp/artifacts"  # noqa: S108 - inside the sandbox
"""Where a program starts, and where it leaves what is to come back."""
CHUNK_BYTES = 64 * 1024
MAX_DEPTH = 8
"""Folders within each other, this one included."""
MAX_NAMED = 32
"""Files that are named one by one of those that do not go to the host."""
KINDS = {
    stat.S_IFLNK: "a link",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}

Send = Callable[[bytes, bytes], None]


class Collector:
    """Sends the files of one folder as frames, within `limits`: files, file_bytes and total_bytes."""

    def __init__(self, send: Send, limits: Mapping[str, int]) -> None:
        self._send = send
        self._files = self._most_files = limits["files"]
        self._file_bytes = limits["file_bytes"]
        self._room = self._total_bytes = limits["total_bytes"]
        self.dropped = 0
        """Files that were not sent; the first of them were named."""

    def collect(self, folder: str) -> None:
        """Send what is there: the files of a folder before those of its subfolders, in the order of their names."""
        try:
            for place, entry, status in _walk(folder, self._drop):
                self._take(place, entry, status)
        except FileNotFoundError:
            pass  # the program removed it
        except OSError as error:
            self._drop(".", 0, f"cannot be read: {error.strerror}")

    def _take(self, place: int, path: str, status: os.stat_result) -> None:
        reason = self._reason(status)
        if reason:
            self._drop(path, status.st_size, reason)
            return
        try:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            file = os.open(os.path.basename(path), flags, dir_fd=place)
        except OSError as error:
            self._drop(path, status.st_size, f"cannot be read: {error.strerror}")
            return
        self._files -= 1
        self._room -= status.st_size
        try:
            self._send(b"A", _json(name=path, bytes=status.st_size))
            while chunk := os.read(file, CHUNK_BYTES):
                self._send(b"B", chunk)
        finally:
            os.close(file)

    def _reason(self, status: os.stat_result) -> str:
        """Why it does not go; empty if it does."""
        kind = KINDS.get(stat.S_IFMT(status.st_mode))
        if kind:
            return f"is {kind}, not a file"
        if status.st_size > self._file_bytes:
            return f"is larger than {_size(self._file_bytes)}"
        if self._files == 0:
            return f"comes after the {self._most_files} files that are kept"
        if status.st_size > self._room:
            return f"would make all files together larger than {_size(self._total_bytes)}"
        return ""

    def _drop(self, path: str, size: int, reason: str) -> None:
        self.dropped += 1
        if self.dropped <= MAX_NAMED:
            self._send(b"D", _json(name=path[:512], bytes=size, reason=reason))


def _walk(folder: str, drop: Callable[[str, int, str], None]) -> Iterator[tuple[int, str, os.stat_result]]:
    """Whatever is below `folder` but folders: an open descriptor of where it lies, its path and its status."""
    waiting = deque([("", 1)])
    while waiting:
        prefix, depth = waiting.popleft()
        try:
            place = _open_folder(folder, prefix)
        except OSError as error:
            if not prefix:
                raise
            drop(prefix, 0, f"cannot be read: {error.strerror}")
            continue
        try:
            for name in sorted(os.listdir(place)):
                path = f"{prefix}{name}"
                try:
                    status = os.stat(name, dir_fd=place, follow_symlinks=False)
                except OSError as error:  # the folder may be listed, but not entered
                    drop(path, 0, f"cannot be read: {error.strerror}")
                    continue
                if not stat.S_ISDIR(status.st_mode):
                    yield place, path, status
                elif depth < MAX_DEPTH:
                    waiting.append((f"{path}/", depth + 1))
                else:
                    drop(f"{path}/", 0, f"lies more than {MAX_DEPTH} folders deep")
        finally:
            os.close(place)


def _open_folder(folder: str, path: str) -> int:
    """Open a folder below another one, no link followed."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # with O_DIRECTORY gVisor follows links
    place = os.open(folder, flags)
    for part in path.split("/")[:-1]:
        try:
            inner = os.open(part, flags, dir_fd=place)
        finally:
            os.close(place)
        place = inner
    return place


def _json(**members: object) -> bytes:
    return json.dumps(members).encode()


def _size(count: int) -> str:
    return f"{count / 2**20:g} MB"
