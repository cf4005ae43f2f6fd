"""The state folder of a stack: for its user alone, and for one stack at a time."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import time
from pathlib import Path

import psutil

from windtunnel.errors import HostFeatureMissing, StackRunning

ENDING_S = 30.0
"""How long a stack that was killed may take until its guardian has ended the rest of it."""


class State:
    """The folder, locked for as long as this process and those that inherit the lock live."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.logs, self.redis = folder / "logs", folder / "redis"
        try:
            for directory in (folder, self.logs, self.redis):
                directory.mkdir(mode=0o700, parents=True, exist_ok=True)
                directory.chmod(0o700)
            self.lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise HostFeatureMissing(
                f"The state folder {folder} cannot be used: {error.strerror}.", remedy="Name another with --state."
            ) from error
        self._acquire()

    def _acquire(self) -> None:
        deadline = time.monotonic() + ENDING_S
        while not self._try_lock():
            holder = os.pread(self.lock, 20, 0).decode(errors="replace").strip()
            if (holder.isdigit() and _runs(int(holder))) or time.monotonic() > deadline:
                raise StackRunning(
                    f"A `windtunnel up` is running on {self.folder} already (process {holder}).",
                    remedy="Use that one, stop it, or give --state and --redis-port.",
                )
            time.sleep(0.1)
        os.ftruncate(self.lock, 0)
        os.pwrite(self.lock, f"{os.getpid()}\n".encode(), 0)

    def _try_lock(self) -> bool:
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def instance(self) -> str:
        """What tells this stack's sandboxes and queues from another's on the same host; the same after a restart."""
        file = self.folder / "instance"
        found = file.read_text().strip() if file.exists() else ""
        if not re.fullmatch(r"[0-9a-f]{6}", found):
            found = secrets.token_hex(3)
            write_private(file, found + "\n")
        return found


def write_private(file: Path, text: str) -> None:
    """Replace a file's content at once; only its owner may read it."""
    new = file.with_name(file.name + ".new")
    new.unlink(missing_ok=True)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
    new.replace(file)


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
