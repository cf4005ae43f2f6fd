"""Follows one running sandbox by its control group, until it is gone or overdue."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from windtunnel.contract import Sample
from windtunnel_worker.monitoring.sampler import Sampler, reader_for

OVERDUE_S = 10.0


def watch(container_id: str, pid: int, cgroup_root: Path, interval_s: float, deadline: float) -> Iterator[Sample]:
    """Yield a sample every `interval_s` seconds. `deadline` is in seconds since the epoch."""
    reader = reader_for(container_id, pid, cgroup_root)
    try:
        # Which job of a cell had a file read is not seen from here, and the kernel takes its memory back at need.
        sampler = Sampler(reader, cached=reader.read().cache_bytes)
        while time.time() < deadline + OVERDUE_S:
            time.sleep(interval_s)
            yield sampler.sample()
    except (OSError, ValueError):
        return  # the sandbox is gone
    finally:
        reader.close()
