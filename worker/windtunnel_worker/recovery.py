"""Finds and removes what crashed processes left behind."""

from __future__ import annotations

import time

from windtunnel_worker.sandbox.container import labelled, remove


def remove_sandboxes(host: str, owner: str | None = None) -> int:
    """Remove every sandbox of this host, or of one owner there, running or not; returns how many."""
    return sum(remove(container.id) for container in labelled(host) if owner in (None, container.owner))


def reap_overdue(host: str) -> int:
    """Remove the sandboxes of this host whose deadline has passed: whoever started them is gone."""
    now = time.time()
    return sum(remove(container.id) for container in labelled(host) if container.deadline < now)
