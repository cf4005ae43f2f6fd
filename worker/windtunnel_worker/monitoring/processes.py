"""Reads what a sandbox uses from the host's process table, where its control group cannot be read."""

from __future__ import annotations

from contextlib import suppress

import psutil

from windtunnel_worker.monitoring.cgroup import OPERATION_BYTES, Calls, Reading


class ProcessReader:
    """Adds up the process tree of a container's first process. Coarser than its control group."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._cpu_s: dict[int, float] = {}

    def reset_peak(self) -> bool:
        """There is no mark to reset."""
        return True

    def close(self) -> None:
        """It holds nothing open."""

    def read(self) -> Reading:
        """Current figures; `OSError` once the first process is gone."""
        try:
            first = psutil.Process(self._pid)
            tree = [first, *first.children(recursive=True)]
        except psutil.NoSuchProcess as error:
            raise ProcessLookupError(self._pid) from error
        memory = operations = threads = reads = writes = 0
        for process in tree:
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied), process.oneshot():
                times = process.cpu_times()
                self._cpu_s[process.pid] = times.user + times.system
                memory += process.memory_info().rss
                counters = process.io_counters()
                operations += (counters.read_bytes + counters.write_bytes) // OPERATION_BYTES
                reads, writes = reads + counters.read_count, writes + counters.write_count
                threads += process.num_threads()
        return Reading(
            cpu_time_s=sum(self._cpu_s.values()),
            memory_bytes=memory,
            memory_peak_bytes=0,
            io_operations=operations,
            processes=threads,
            processes_refused=0,
            oom_kills=0,
            calls=Calls(reads, writes),
        )
