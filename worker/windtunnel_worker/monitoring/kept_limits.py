"""Reads back from a sandbox's control group which limits the kernel keeps. Imports nothing of Docker or Redis.

A Docker Engine without the rights to set limits, as a rootless one may be, accepts them and ignores them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from windtunnel_worker.monitoring.cgroup import ControlGroup


@dataclass(frozen=True)
class Wanted:
    """What a sandbox was made with."""

    memory_bytes: int
    processes: int
    cpus: float


def ignored_limits(container_id: str, pid: int, root: Path, wanted: Wanted) -> list[str]:
    """The limits that are not in force; `OSError` where the control group cannot be found."""
    group = ControlGroup(container_id, pid, root)
    kept = {
        "memory": (_memory(group), wanted.memory_bytes),
        "processes": (_number(group, "pids", "pids.max"), wanted.processes),
        "cpus": (_cpus(group), wanted.cpus),
    }
    return [
        f"{name} (wanted {limit:g}, in force {'none' if found is None else f'{found:g}'})"
        for name, (found, limit) in kept.items()
        # The kernel rounds memory to pages and shares of a processor to microseconds.
        if found is None or found > limit * 1.01
    ]


def _memory(group: ControlGroup) -> float | None:
    found = _number(group, "memory", "memory.max" if group.unified else "memory.limit_in_bytes")
    # What a v1 kernel shows where there is no limit.
    return None if found is None or found >= 2**62 else found


def _cpus(group: ControlGroup) -> float | None:
    if group.unified:
        quota, period = _text(group, "", "cpu.max").split()
    else:
        quota, period = (_text(group, "cpu", f"cpu.cfs_{name}_us") for name in ("quota", "period"))
    return None if quota in ("max", "-1") else int(quota) / int(period)


def _number(group: ControlGroup, controller: str, name: str) -> float | None:
    text = _text(group, "" if group.unified else controller, name)
    return None if text == "max" else float(text)


def _text(group: ControlGroup, controller: str, name: str) -> str:
    return (group.of(controller) / name).read_text().strip()
