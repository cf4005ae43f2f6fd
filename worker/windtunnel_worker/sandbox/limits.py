"""A job's limits in two parts: what its sandbox is made with, and what its run is held to. Imports nothing of Docker.

A sandbox that was made with the right `SandboxLimits` serves jobs with any `RunLimits`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from windtunnel.contract import Limits

if TYPE_CHECKING:
    from windtunnel_worker.settings import HostSettings


@dataclass(frozen=True)
class SandboxLimits:
    """What the kernel enforces on the container for as long as it lives."""

    cpus: float
    memory_mb: int
    processes: int
    disk_mb: int

    @classmethod
    def of(cls, limits: Limits) -> SandboxLimits:
        """The part of a job's limits that its sandbox is made with."""
        return cls(limits.cpus, limits.memory_mb, limits.processes, limits.disk_mb)


@dataclass(frozen=True)
class FolderLimits:
    """What comes back of a program's working folder. The warden keeps to it, and the host sees to it."""

    files: int = 64
    file_bytes: int = 8 * 2**20
    total_bytes: int = 16 * 2**20

    @classmethod
    def of(cls, settings: HostSettings) -> FolderLimits:
        """As the host's settings have them."""
        return cls(settings.artifacts, settings.artifact_mb * 2**20, settings.artifacts_mb * 2**20)


@dataclass(frozen=True)
class RunLimits:
    """What the warden and the host enforce on one program."""

    timeout_s: float
    cpu_time_s: float | None
    output_bytes: int
    """Kept of stdout and of stderr each."""
    io_operations: int | None
    folder: FolderLimits

    @classmethod
    def of(cls, limits: Limits, folder: FolderLimits) -> RunLimits:
        """The part of a job's limits that its run is held to, and the host's own for the working folder."""
        return cls(limits.timeout_s, limits.cpu_time_s, limits.output_kb * 1024, limits.io_operations, folder)
