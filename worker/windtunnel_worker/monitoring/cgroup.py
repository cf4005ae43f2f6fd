"""Reads what a sandbox has used, from its control group (v1 and v2). Imports nothing of Docker or Redis.

A reading costs a tenth of a millisecond and nothing in the sandbox can disturb it. Sources: the kernel's
`Documentation/admin-guide/cgroup-v1` and `cgroup-v2.rst`.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
CHUNK_BYTES = 65_536
OPERATION_BYTES = 128 * 1024
"""The kernel's usual read-ahead: so many bytes count as an operation where only bytes are told."""


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


class CgroupReader:
    """Finds the control group of a container once and reads it until it is gone."""

    def __init__(self, container_id: str, pid: int, root: Path) -> None:
        self._paths = _Paths(container_id, pid, root)
        self._read = self._read_v2 if self._paths.unified else self._read_v1

    def read(self) -> Reading:
        """Current counters; `OSError` once the container is gone."""
        return self._read()

    def reset_peak(self) -> bool:
        """Start the memory's high-water mark anew. False: this kernel or user cannot."""
        try:
            if self._paths.unified:
                return False  # v2 resets it for the one open file only that wrote to it
            (self._paths.of("memory") / "memory.max_usage_in_bytes").write_text("0")
        except OSError:
            return False
        return True

    def _read_v1(self) -> Reading:
        cpu, memory = self._paths.of("cpuacct"), self._paths.of("memory")
        pids, blkio = self._paths.of("pids"), self._paths.of("blkio")
        return Reading(
            cpu_time_s=_number(f"{cpu}/cpuacct.usage") / 1e9,
            memory_bytes=_number(f"{memory}/memory.usage_in_bytes"),
            memory_peak_bytes=_number(f"{memory}/memory.max_usage_in_bytes"),
            # A v1 kernel counts these only where a throttle rule stands; what reached a device is told besides.
            io_operations=max(
                _v1_operations(f"{blkio}/blkio.throttle.io_serviced"), _estimated_operations(f"{pids}/cgroup.procs")
            ),
            processes=_number(f"{pids}/pids.current"),
            processes_refused=_optional_pairs(f"{pids}/pids.events").get("max", 0),
            oom_kills=_optional_pairs(f"{memory}/memory.oom_control").get("oom_kill", 0),
        )

    def _read_v2(self) -> Reading:
        group = self._paths.of("")
        return Reading(
            cpu_time_s=_pairs(f"{group}/cpu.stat")["usage_usec"] / 1e6,
            memory_bytes=_number(f"{group}/memory.current"),
            memory_peak_bytes=_optional_number(f"{group}/memory.peak"),
            io_operations=_v2_operations(f"{group}/io.stat"),
            processes=_number(f"{group}/pids.current"),
            processes_refused=_optional_pairs(f"{group}/pids.events").get("max", 0),
            oom_kills=_optional_pairs(f"{group}/memory.events").get("oom_kill", 0),
        )


class _Paths:
    """Where a container's control groups are, by what the kernel says of its first process."""

    def __init__(self, container_id: str, pid: int, root: Path) -> None:
        self.unified = (root / "cgroup.controllers").exists()
        self._root = root
        self._container_id = container_id
        self._told = _told_by_kernel(pid)
        self._found: dict[str, Path] = {}

    def of(self, controller: str) -> Path:
        """The directory of one controller (of all for v2)."""
        if controller not in self._found:
            self._found[controller] = self._find(controller)
        return self._found[controller]

    def _find(self, controller: str) -> Path:
        top = self._root / controller
        told = self._told.get(controller, "").lstrip("/")
        for candidate in (
            told,
            f"docker/{self._container_id}",
            f"system.slice/docker-{self._container_id}.scope",
        ):
            if self._container_id in candidate and (top / candidate).is_dir():
                return top / candidate
        raise FileNotFoundError(f"container {self._container_id[:12]} has no control group under {top}")


def _told_by_kernel(pid: int) -> dict[str, str]:
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


def _text(path: str) -> str:
    """A small file whole, by the few system calls that it takes: a job in a cell reads two dozen."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return b"".join(iter(lambda: os.read(fd, CHUNK_BYTES), b"")).decode()
    finally:
        os.close(fd)


def _number(path: str) -> int:
    return int(_text(path))


def _optional_number(path: str) -> int:
    """The same; 0 where the kernel has no such file."""
    try:
        return _number(path)
    except FileNotFoundError:
        return 0


def _pairs(path: str) -> dict[str, int]:
    """`name value` lines."""
    return {name: int(value) for name, _, value in (line.partition(" ") for line in _text(path).splitlines())}


def _optional_pairs(path: str) -> dict[str, int]:
    """The same; empty where the kernel has no such file."""
    try:
        return _pairs(path)
    except FileNotFoundError:
        return {}


def _v1_operations(path: str) -> int:
    """Reads and writes from `<major>:<minor> <Read|Write|…> <count>` lines."""
    fields = (line.split() for line in _text(path).splitlines())
    return sum(int(line[2]) for line in fields if len(line) == 3 and line[1] in ("Read", "Write"))


def _estimated_operations(members: str) -> int:
    """From the bytes that the group's processes, ended children included, moved from and to devices."""
    total, pids = 0, list[str]()
    with suppress(FileNotFoundError):
        pids = _text(members).split()
    for pid in pids:
        with suppress(OSError):
            counters = dict(line.split(": ") for line in _text(f"{PROC}/{pid}/io").splitlines())
            total += int(counters["read_bytes"]) + int(counters["write_bytes"])
    return total // OPERATION_BYTES


def _v2_operations(path: str) -> int:
    """Reads and writes from `<device> rbytes=… wbytes=… rios=… wios=…` lines."""
    return sum(
        int(value)
        for line in _text(path).splitlines()
        for name, _, value in (field.partition("=") for field in line.split()[1:])
        if name in ("rios", "wios")
    )
