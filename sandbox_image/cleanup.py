"""How the warden ends a job's processes and removes its files: with the rights of the job's user alone.

Standard library only.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
from collections.abc import Iterator

SCRATCH = "/tmp"  # noqa: S108 - the one writable place
SOCKETS = "/proc/self/net/unix"
OWN_SOCKETS = 2
"""The ends of the line between the warden and the interpreter."""
UNNAMED = 7
"""Fields of a socket without a name, in `SOCKETS`."""


@contextlib.contextmanager
def acting_as(user: int) -> Iterator[None]:
    """Use the rights of a job's user and no other.

    To the kernel the user's processes are this one's equals meanwhile: the system-call filter keeps them from changing
    how it is scheduled, and process 1 hears no signal but those that it handles.
    """
    os.setresuid(user, user, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


def kill_all(user: int) -> None:
    """Kill every process of a job's user, which are all but this one and the interpreter."""
    with contextlib.suppress(ProcessLookupError, PermissionError), acting_as(user):
        os.kill(-1, signal.SIGKILL)


def ask(pid: int, user: int, by: int) -> None:
    """Ask a program by a signal for where it is. A program that does not handle the signal is ended by it."""
    with contextlib.suppress(ProcessLookupError, PermissionError), acting_as(user):
        os.kill(pid, by)


def clean_up(user: int) -> bool:
    """Remove every file of a job's user. True when the scratch directory is empty and none of its sockets is left."""
    with acting_as(user):
        empty_scratch()
    return _scratch_is_empty() and not sockets_left()


def empty_scratch() -> None:
    """Remove what this process may remove of the scratch directory."""
    for entry in os.scandir(SCRATCH):
        with contextlib.suppress(OSError, RecursionError):
            if not entry.is_dir(follow_symlinks=False):
                os.unlink(entry.path)
                continue
            try:
                os.rmdir(entry.path)  # most programs leave their artifacts' directory empty
            except OSError:
                shutil.rmtree(entry.path)


def _scratch_is_empty() -> bool:
    """True when there is no file, nor one without a name that something still holds."""
    room = os.statvfs(SCRATCH)
    return not os.listdir(SCRATCH) and room.f_bfree == room.f_blocks and room.f_files - room.f_ffree <= 1


def sockets_left() -> bool:
    """True while sockets hold each other, with what is in them: Linux frees them a little later, gVisor never."""
    with open(SOCKETS, "rb", buffering=0) as sockets:
        _, *found = sockets.read().splitlines()
    named = any(len(line.split()) > UNNAMED for line in found)
    return named or len(found) > OWN_SOCKETS
