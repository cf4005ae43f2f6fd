"""Follows one running sandbox by its control group, until it is gone or overdue."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from windtunnel.contract import Sample
from windtunnel_worker.monitoring.sampler import FIRST_S, Sampler, reader_for

OVERDUE_S = 10.0
CLOSELY_S = 1.0
"""For this long, samples are taken at the stated interval."""
LATER_S = 1.0
"""The shortest interval after that. The executor goes on reading as before, so no peak is lost."""


def watch(container_id: str, pid: int, cgroup_root: Path, interval_s: float, deadline: float) -> Iterator[Sample]:
    """Yield samples, as `pauses` spaces them. `deadline` is in seconds since the epoch."""
    reader = reader_for(container_id, pid, cgroup_root)
    try:
        # Which job of a cell read a file cannot be seen from here, and the kernel takes that memory back when needed.
        sampler = Sampler(reader, cached=reader.read().cache_bytes)
        for pause in pauses(interval_s):
            if time.time() >= deadline + OVERDUE_S:
                return
            time.sleep(pause)
            yield sampler.sample()
    except (OSError, ValueError):
        return  # the sandbox is gone
    finally:
        reader.close()


def pauses(interval_s: float) -> Iterator[float]:
    """Seconds before each sample: one at once, then one every `interval_s`, and after a second at most one a second."""
    yield (passed := min(interval_s, FIRST_S))
    while passed < CLOSELY_S:
        yield interval_s
        passed += interval_s
    while True:
        yield max(interval_s, LATER_S)
