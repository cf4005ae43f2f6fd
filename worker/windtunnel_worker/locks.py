"""Locks between the processes of a host, as files: each name is held by one process at a time."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import quote

from windtunnel.errors import SandboxFailure

TURN_TICK_S = 0.01
"""How often a process that waits for its turn looks again."""
FURTHER_TURN_S = 5.0
"""After each such wait there is a further turn: who holds one may be stopped, and then holds it for ever."""


class Lock:
    """A name that this process holds, until `close` or until the process ends, however it ends."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the name."""
        os.close(self._fd)


def hold_first_free(directory: Path, names: Iterable[str]) -> Lock | None:
    """Hold the first of these names that is free; None if all are held.

    A name is an empty, locked file. All processes of a host must see the same directory, also those in containers. The
    files are never removed, since two processes could then hold the same name.
    """
    for name in names:
        file = directory / f"{quote(name, safe='')}.lock"
        try:
            lock = _hold(file)
        except OSError as error:
            raise SandboxFailure(
                f"The lock {file} cannot be taken: {error.strerror}.",
                remedy="Let the worker write there, or set WINDTUNNEL_LOCK_DIR to a directory that it may write to.",
            ) from error
        if lock is not None:
            return lock
    return None


def _hold(file: Path) -> Lock | None:
    file.parent.mkdir(parents=True, exist_ok=True)
    fd = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o660)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(fd)
        if isinstance(error, BlockingIOError):
            return None
        raise
    return Lock(fd)


@dataclass(frozen=True)
class Turns:
    """Limits how many processes of a host do something at the same time."""

    directory: Path
    what: str
    width: int

    @contextmanager
    def take(self, patience_s: float) -> Iterator[None]:
        """Wait for a turn and hold it; `SandboxFailure` if there is none in time."""
        began = time.monotonic()
        while (turn := hold_first_free(self.directory, self._names(time.monotonic() - began))) is None:
            if time.monotonic() - began > patience_s:
                raise SandboxFailure(
                    f"No turn to {self.what} came up within {patience_s:g} s.",
                    remedy="The Docker daemon may be overloaded.",
                )
            time.sleep(TURN_TICK_S)
        with turn:
            yield

    def _names(self, waited_s: float) -> list[str]:
        return [f"{self.what} {number}" for number in range(self.width + int(waited_s / FURTHER_TURN_S))]
