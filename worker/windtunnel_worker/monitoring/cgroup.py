"""Reads what a sandbox has used, from its control group (v1 and v2). Imports nothing of Docker or Redis.

A reading costs a tenth of a millisecond and nothing in the sandbox can disturb it. Sources: the kernel's
`Documentation/admin-guide/cgroup-v1` and `cgroup-v2.rst`.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
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
            cpu_time_s=_number(cpu / "cpuacct.usage") / 1e9,
            memory_bytes=_number(memory / "memory.usage_in_bytes"),
            memory_peak_bytes=_number(memory / "memory.max_usage_in_bytes"),
            # A v1 kernel counts these only where a throttle rule stands; what reached a device is told besides.
            io_operations=max(
                _v1_operations(blkio / "blkio.throttle.io_serviced"), _estimated_operations(pids / "cgroup.procs")
            ),
            processes=_number(pids / "pids.current"),
            processes_refused=_optional_pairs(pids / "pids.events").get("max", 0),
            oom_kills=_optional_pairs(memory / "memory.oom_control").get("oom_kill", 0),
        )

    def _read_v2(self) -> Reading:
        group = self._paths.of("")
        peak = group / "memory.peak"
        return Reading(
            cpu_time_s=_pairs(group / "cpu.stat")["usage_usec"] / 1e6,
            memory_bytes=_number(group / "memory.current"),
            memory_peak_bytes=_number(peak) if peak.exists() else 0,
            io_operations=_v2_operations(group / "io.stat"),
            processes=_number(group / "pids.current"),
            processes_refused=_optional_pairs(group / "pids.events").get("max", 0),
            oom_kills=_optional_pairs(group / "memory.events").get("oom_kill", 0),
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


def _number(path: Path) -> int:
    return int(path.read_text())


def _pairs(path: Path) -> dict[str, int]:
    """`name value` lines."""
    return {name: int(value) for name, _, value in (line.partition(" ") for line in path.read_text().splitlines())}


def _optional_pairs(path: Path) -> dict[str, int]:
    """The same; empty where the kernel has no such file."""
    try:
        return _pairs(path)
    except FileNotFoundError:
        return {}


def _v1_operations(path: Path) -> int:
    """Reads and writes from `<major>:<minor> <Read|Write|…> <count>` lines."""
    fields = (line.split() for line in path.read_text().splitlines())
    return sum(int(line[2]) for line in fields if len(line) == 3 and line[1] in ("Read", "Write"))


def _estimated_operations(members: Path) -> int:
    """From the bytes that the group's processes, ended children included, moved from and to devices."""
    total = 0
    for pid in members.read_text().split() if members.exists() else ():
        with suppress(OSError):
            counters = dict(line.split(": ") for line in (PROC / pid / "io").read_text().splitlines())
            total += int(counters["read_bytes"]) + int(counters["write_bytes"])
    return total // OPERATION_BYTES


def _v2_operations(path: Path) -> int:
    """Reads and writes from `<device> rbytes=… wbytes=… rios=… wios=…` lines."""
    return sum(
        int(value)
        for line in path.read_text().splitlines()
        for name, _, value in (field.partition("=") for field in line.split()[1:])
        if name in ("rios", "wios")
    )
