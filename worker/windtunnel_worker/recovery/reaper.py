"""Removes the sandboxes that crashed processes left behind. Uses Docker through the sandbox package only."""

from __future__ import annotations

import time

import psutil

from windtunnel_worker.sandbox import Listed, list_sandboxes, remove_sandbox


def remove_sandboxes(host: str, owner: str | None = None) -> int:
    """Remove every sandbox of this host, or of one owner there, running or not; returns how many."""
    return sum(remove_sandbox(found.id) for found in list_sandboxes(host) if owner in (None, found.owner))


def reap(host: str) -> tuple[int, int]:
    """Remove the orphaned sandboxes of this host. Returns how many were removed, and how many are left.

    A sandbox ends by itself when the process that started it dies. It is orphaned once it has ended and that process is
    gone, or when its deadline has passed.
    """
    found = list_sandboxes(host)
    removed = sum(remove_sandbox(one.id) for one in found if _orphaned(one))
    return removed, len(found) - removed


def _orphaned(found: Listed) -> bool:
    kind, _, pid = found.owner.rpartition(":")
    owner_gone = kind.startswith("slot:") and pid.isdigit() and not psutil.pid_exists(int(pid))
    return (owner_gone and not found.running) or found.deadline < time.time()
