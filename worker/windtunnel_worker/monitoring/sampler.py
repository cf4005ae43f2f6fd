"""Turns readings of a sandbox into samples, and samples into what a report says. Pure but for the clock."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from windtunnel.contract import Resources, Sample
from windtunnel_worker.monitoring.cgroup import CgroupReader, Reading
from windtunnel_worker.monitoring.processes import ProcessReader

MB = 2**20
FIRST_S = 0.04
"""The first sample is taken so early, whatever the interval, so that short programs have one too."""
RISE = 17 / 16
"""A high-water mark is a job's own above so many times what was there: it begins while an earlier job's is freed."""


class Reader(Protocol):
    """Reads the counters of one sandbox."""

    def read(self) -> Reading:
        """Current counters; `OSError` once the sandbox is gone."""

    def reset_peak(self) -> bool:
        """Start the memory's high-water mark anew. False: it cannot be."""

    def close(self) -> None:
        """Close what it holds open."""


def reader_for(container_id: str, pid: int, cgroup_root: Path) -> Reader:
    """The control group's reader, or the process table's where the group cannot be read."""
    reader = CgroupReader(container_id, pid, cgroup_root)
    try:
        reader.read()
    except (OSError, ValueError):
        reader.close()
        return ProcessReader(pid)
    return reader


class Sampler:
    """Samples one sandbox relative to the moment it was given its program.

    `before` is what the reader gave last for the job that the sandbox served before. Nothing has run since, so it is
    also this job's first reading, and the high-water mark is reset; it counts where it rises clearly above what was
    there then, as gVisor frees an earlier job's memory late. `cached` is how many bytes of files the kernel had cached
    before this job; as far as they are still cached, they do not count as its memory. By default they are those of
    `before`.
    """

    def __init__(self, reader: Reader, before: Reading | None = None, cached: int | None = None) -> None:
        self._reader = reader
        self._peak_is_ours = reader.reset_peak() if before else True
        self._cached = cached if cached is not None else before.cache_bytes if before else 0
        self._left = before.memory_bytes - self._cached if before else 0
        self.read = before or reader.read()
        """The last reading as it came."""
        self.first = before or self._ours(self.read)
        self.last = self.first
        self._started = self._before = time.monotonic()

    def _ours(self, reading: Reading) -> Reading:
        not_ours = min(self._cached, reading.cache_bytes)
        peak = reading.memory_peak_bytes - not_ours
        return replace(
            reading,
            memory_bytes=max(0, reading.memory_bytes - not_ours),
            memory_peak_bytes=peak if self._peak_is_ours and peak > self._left * RISE else 0,
        )

    def sample(self) -> Sample:
        """One more reading; `OSError` once the sandbox is gone."""
        self.read = self._reader.read()
        reading, now = self._ours(self.read), time.monotonic()
        spent = reading.cpu_time_s - self.last.cpu_time_s
        interval = max(now - self._before, 1e-6)
        self.last, self._before = reading, now
        return Sample(
            elapsed_s=round(now - self._started, 4),
            cpu_time_s=round(reading.cpu_time_s - self.first.cpu_time_s, 6),
            cpu_percent=round(100 * spent / interval, 1),
            memory_mb=round(reading.memory_bytes / MB, 2),
            io_operations=reading.io_operations - self.first.io_operations,
            processes=reading.processes,
        )


def summarize(
    duration_s: float,
    samples: Sequence[Sample],
    last: Reading | None,
    first: Reading | None,
    between_s: float = 0.0,
) -> Resources:
    """What one attempt used: exact totals from the first and last reading, peaks and averages with the samples.

    `between_s` is the time between these two readings. It is longer than the duration: the program's start-up, whose
    processor time counts, lies between them too.
    """
    cpu = max(0.0, last.cpu_time_s - first.cpu_time_s) if last and first else 0.0
    longest_s = max(duration_s, between_s)
    average = 100 * cpu / longest_s if longest_s > 0 else 0.0
    before, after = first and first.calls, last and last.calls
    memory = [sample.memory_mb for sample in samples]
    if last:
        memory.append(last.memory_bytes / MB)
    return Resources(
        duration_s=round(duration_s, 4),
        cpu_time_s=round(cpu, 4),
        cpu_percent_average=round(average, 1),
        cpu_percent_peak=round(max([average, *(sample.cpu_percent for sample in samples)]), 1),
        memory_mb_average=round(sum(memory) / len(memory), 2) if memory else 0.0,
        memory_mb_peak=round(max([*memory, last.memory_peak_bytes / MB if last else 0.0], default=0.0), 2),
        io_operations=max(0, last.io_operations - first.io_operations) if last and first else 0,
        read_calls=max(0, after.reads - before.reads) if before and after else None,
        write_calls=max(0, after.writes - before.writes) if before and after else None,
        processes_peak=max([sample.processes for sample in samples] + [last.processes if last else 0]),
        samples=len(samples),
    )
