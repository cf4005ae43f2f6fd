"""Reads what a sandbox has used, from its control group (v1 and v2). Imports nothing of Docker or Redis.

A reading costs a tenth of a millisecond and nothing in the sandbox can disturb it. Sources: the kernel's
`Documentation/admin-guide/cgroup-v1` and `cgroup-v2.rst`.
"""

from __future__ import annotations

import os
import re
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
CHUNK_BYTES = 65_536
CPU_TIME = re.compile(rb"^usage_usec (\d+)", re.MULTILINE)
REFUSED = re.compile(rb"^max (\d+)", re.MULTILINE)
CACHE = re.compile(rb"^(cache|file|slab_reclaimable|shmem) (\d+)", re.MULTILINE)
OOM_KILLS = re.compile(rb"^oom_kill (\d+)", re.MULTILINE)
IO = re.compile(rb"^syscr: (\d+)\nsyscw: (\d+)\nread_bytes: (\d+)\nwrite_bytes: (\d+)", re.MULTILINE)
OPERATION_BYTES = 128 * 1024
"""The kernel's usual read-ahead: where only bytes are known, this many count as one operation."""


@dataclass(frozen=True)
class Calls:
    """How often processes asked the kernel to read and to write, from and to files in memory and pipes too."""

    reads: int
    writes: int


@dataclass(frozen=True)
class Reading:
    """Counters of one sandbox since it was created."""

    cpu_time_s: float
    memory_bytes: int
    memory_peak_bytes: int
    """The high-water mark; 0 where the kernel keeps none."""
    io_operations: int
    processes: int
    processes_refused: int
    """Forks and threads that the process limit refused."""
    oom_kills: int
    calls: Calls | None = None
    """None where the host hides them."""
    cache_bytes: int = 0
    """Of the memory, files that were read and the kernel's notes of them; it takes both back where memory is wanted."""


class CgroupReader:
    """Finds the control group of a container once and reads it until it is gone. Close it after use."""

    def __init__(self, container_id: str, pid: int, root: Path) -> None:
        self._paths = ControlGroup(container_id, pid, root)
        self._files: dict[str, _File] = {}
        self._members: dict[bytes, _File] = {}
        self._read = self._read_v2 if self._paths.unified else self._read_v1

    def read(self) -> Reading:
        """Current counters; `OSError` once the container is gone."""
        return self._read()

    def reset_peak(self) -> bool:
        """Start the memory's high-water mark anew. False: this kernel or user cannot."""
        try:
            if self._paths.unified:
                return False  # v2 resets it only for the open file that wrote to it
            self._file("memory", "memory.max_usage_in_bytes").write(b"0")
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Close what it holds open."""
        for file in (*self._files.values(), *self._members.values()):
            file.close()
        self._files.clear()
        self._members.clear()

    def _file(self, controller: str, name: str, *, optional: bool = False) -> _File:
        file = self._files.get(name)
        if file is None:
            file = self._files[name] = _File(f"{self._paths.of(controller)}/{name}", optional=optional)
        return file

    def _read_v1(self) -> Reading:
        served = self._file("blkio", "blkio.throttle.io_serviced")
        calls, moved = self._members_io("pids")
        return Reading(
            cpu_time_s=self._file("cpuacct", "cpuacct.usage").number() / 1e9,
            memory_bytes=self._file("memory", "memory.usage_in_bytes").number(),
            memory_peak_bytes=self._file("memory", "memory.max_usage_in_bytes").number(),
            # A v1 kernel counts these only where a throttle rule applies; what reached a device is always counted.
            io_operations=max(_v1_operations(served.read()), moved // OPERATION_BYTES),
            processes=self._file("pids", "pids.current").number(),
            processes_refused=self._file("pids", "pids.events", optional=True).value(REFUSED),
            oom_kills=self._file("memory", "memory.oom_control", optional=True).value(OOM_KILLS),
            calls=calls,
            # A v1 kernel counts its notes with the rest of its own memory, of which each job begins with as much.
            cache_bytes=_cache_bytes(self._file("memory", "memory.stat", optional=True).read())
            + self._file("memory", "memory.kmem.usage_in_bytes", optional=True).number(),
        )

    def _read_v2(self) -> Reading:
        return Reading(
            cpu_time_s=self._file("", "cpu.stat").value(CPU_TIME) / 1e6,
            memory_bytes=self._file("", "memory.current").number(),
            memory_peak_bytes=self._file("", "memory.peak", optional=True).number(),
            io_operations=_v2_operations(self._file("", "io.stat").read()),
            processes=self._file("", "pids.current").number(),
            processes_refused=self._file("", "pids.events", optional=True).value(REFUSED),
            oom_kills=self._file("", "memory.events", optional=True).value(OOM_KILLS),
            calls=self._members_io("")[0],
            cache_bytes=_cache_bytes(self._file("", "memory.stat", optional=True).read()),
        )

    def _members_io(self, controller: str) -> tuple[Calls | None, int]:
        """The calls of the group's processes, ended children included, and the bytes they moved from and to devices."""
        # Opened anew, as a v1 kernel goes on giving the list that it made for this descriptor's first reading.
        with closing(_File(f"{self._paths.of(controller)}/cgroup.procs", optional=True)) as members:
            pids = members.read().split()
        for pid in self._members.keys() - set(pids):
            self._members.pop(pid).close()
        found: list[tuple[int, ...]] = []
        for pid in pids:
            with suppress(OSError):  # it has just ended, or its user hides it
                file = self._members.get(pid)
                if file is None:
                    file = self._members[pid] = _File(f"{PROC}/{pid.decode()}/io")
                if counters := IO.search(file.read()):
                    found.append(tuple(map(int, counters.groups())))
        if not found:
            return None, 0
        reads, writes, *moved = (sum(column) for column in zip(*found, strict=True))
        return Calls(reads, writes), sum(moved)


class _File:
    """A small file of the kernel's that is read again and again: one system call a reading.

    A file that is optional reads as empty where the kernel has none.
    """

    def __init__(self, path: str, *, optional: bool = False) -> None:
        self._fd = -1
        try:
            self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            if not optional:
                raise
        self._path = path

    def read(self) -> bytes:
        """Its content now; `OSError` once what it is about is gone."""
        if self._fd < 0:
            return b""
        text = os.pread(self._fd, CHUNK_BYTES, 0)
        while len(text) % CHUNK_BYTES == 0 and (more := os.pread(self._fd, CHUNK_BYTES, len(text))):
            text += more
        return text

    def number(self) -> int:
        """Its content as a number; 0 where there is none."""
        return int(self.read() or 0)

    def value(self, line: re.Pattern[bytes]) -> int:
        """The number in the line that matches; 0 where there is none."""
        found = line.search(self.read())
        return int(found[1]) if found else 0

    def write(self, text: bytes) -> None:
        """Write to it, by a descriptor of its own: not every reader may write."""
        fd = os.open(self._path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(fd, text)
        finally:
            os.close(fd)

    def close(self) -> None:
        """Close it; a file that is closed reads as empty."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


class ControlGroup:
    """Where a container's control groups are, from what the kernel says about its first process."""

    def __init__(self, container_id: str, pid: int, root: Path) -> None:
        self.unified = (root / "cgroup.controllers").exists()
        self._root = root
        self._container_id = container_id
        self._paths = _paths_of(pid)
        self._found: dict[str, Path] = {}

    def of(self, controller: str) -> Path:
        """The directory of one controller (of all for v2)."""
        if controller not in self._found:
            self._found[controller] = self._find(controller)
        return self._found[controller]

    def _find(self, controller: str) -> Path:
        top = self._root / controller
        for candidate in (
            self._paths.get(controller, "").lstrip("/"),
            f"docker/{self._container_id}",
            f"system.slice/docker-{self._container_id}.scope",
        ):
            if self._container_id in candidate and (top / candidate).is_dir():
                return top / candidate
        raise FileNotFoundError(f"container {self._container_id[:12]} has no control group under {top}")


def _paths_of(pid: int) -> dict[str, str]:
    """Controller → path, from `/proc/<pid>/cgroup`; empty where that process cannot be seen."""
    try:
        lines = (PROC / str(pid) / "cgroup").read_text().splitlines()
    except OSError:
        return {}
    paths = {}
    for line in lines:
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            paths[controller] = path
    return paths


def _cache_bytes(text: bytes) -> int:
    """What is cached less files that lie in memory only (`shmem`: what the job has in /tmp)."""
    found = {name: int(number) for name, number in CACHE.findall(text)}
    in_memory = found.pop(b"shmem", 0)
    return max(0, sum(found.values()) - in_memory)


def _v1_operations(text: bytes) -> int:
    """Reads and writes from `<major>:<minor> <Read|Write|…> <count>` lines."""
    fields = (line.split() for line in text.splitlines())
    return sum(int(line[2]) for line in fields if len(line) == 3 and line[1] in (b"Read", b"Write"))


def _v2_operations(text: bytes) -> int:
    """Reads and writes from `<device> rbytes=… wbytes=… rios=… wios=…` lines."""
    return sum(
        int(value)
        for line in text.splitlines()
        for name, _, value in (field.partition(b"=") for field in line.split()[1:])
        if name in (b"rios", b"wios")
    )
