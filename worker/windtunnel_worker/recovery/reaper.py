"""Removes the sandboxes that crashed processes left behind. Uses Docker through the sandbox package only."""

from __future__ import annotations

import time

import psutil

from windtunnel_worker.sandbox import Listed, list_sandboxes, remove_sandbox

ENDED_S = 30.0
"""How long the owner of a sandbox that has ended may ask the daemon why, and remove it."""


def remove_sandboxes(host: str, owner: str | None = None) -> int:
    """Remove every sandbox of this host, or of one owner there, running or not; returns how many."""
    return sum(remove_sandbox(found.id) for found in list_sandboxes(host) if owner in (None, found.owner))


class Reaper:
    """Removes the orphaned sandboxes of one host, time after time.

    A sandbox ends by itself when the process that started it dies. It is orphaned once it has ended and that process is
    gone, or has not removed it within `ENDED_S`: the Docker daemon was away when it tried. One that has passed its
    deadline is orphaned in any case.
    """

    def __init__(self, host: str) -> None:
        self._host = host
        self._ended: dict[str, float] = {}
        """When each sandbox that does not run was first seen so, by the monotonic clock."""

    def reap(self) -> tuple[int, int]:
        """Returns how many were removed, and how many are left."""
        found = list_sandboxes(self._host)
        now = time.monotonic()
        self._ended = {one.id: self._ended.get(one.id, now) for one in found if not one.running}
        removed = sum(remove_sandbox(one.id) for one in found if self._orphaned(one, now))
        return removed, len(found) - removed

    def _orphaned(self, found: Listed, now: float) -> bool:
        if found.deadline < time.time():
            return True
        return not found.running and (_owner_gone(found) or now - self._ended[found.id] > ENDED_S)


def _owner_gone(found: Listed) -> bool:
    kind, _, pid = found.owner.rpartition(":")
    return kind.startswith("slot:") and pid.isdigit() and not psutil.pid_exists(int(pid))
