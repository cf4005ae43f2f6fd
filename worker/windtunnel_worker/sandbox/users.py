"""Gives each sandbox of a machine user ids that no other sandbox has.

The kernel counts queued signals, descriptors under way, pipe buffers and more by user, over all containers: programs
that run as the same user can use up what another needs. Imports nothing of Docker.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from windtunnel.errors import SandboxFailure
from windtunnel_worker.locks import Lock, hold_first_free

FIRST = 1_900_000_000
"""Above what systemd and `/etc/subuid` give to containers."""
LAST = 2**31 - 1
"""Docker refuses higher user ids."""
BLOCK = 10_000
"""Ids of one sandbox: one for each job that a cell can serve at most."""


@dataclass(frozen=True)
class UserBlock:
    """A block of user ids, until it is closed or this process ends."""

    first: int
    _lock: Lock

    def close(self) -> None:
        """Let another sandbox have them."""
        self._lock.close()


def lease_users(lock_dir: Path) -> UserBlock:
    """The first block that no sandbox of this machine has; `SandboxFailure` when all are taken."""
    for first in range(FIRST, LAST - BLOCK, BLOCK):
        lock = hold_first_free(lock_dir, [f"users {first}"])
        if lock is not None:
            return UserBlock(first, lock)
    raise SandboxFailure("Every block of user ids is taken.", remedy="Fewer sandboxes must run on this machine.")
