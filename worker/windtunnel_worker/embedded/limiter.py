"""`ResourceLimiter`: measures any container on this host, with the API of the original single-process system."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from windtunnel.contract import Sample
from windtunnel.errors import FieldProblem, InvalidInput, SandboxFailure
from windtunnel_worker.embedded.manager import ResourceLimits, is_number
from windtunnel_worker.monitoring.sampler import FIRST_S, Sampler, reader_for
from windtunnel_worker.sandbox import container_process
from windtunnel_worker.settings import host_settings

CPU_SLACK_PERCENT = 10.0
"""A container that is held to its quota may seem to use a little more between two samples."""
MEASURES: dict[str, Callable[[Sample], float]] = {
    "cpu_percent": lambda sample: sample.cpu_percent,
    "memory_mb": lambda sample: sample.memory_mb,
    "io_operations": lambda sample: sample.io_operations,
    "processes": lambda sample: sample.processes,
}
LIMITED: dict[str, Callable[[Sample], float]] = {**MEASURES, "execution_time": lambda sample: sample.elapsed_s}
UNITS = {"cpu_percent": "% CPU", "memory_mb": "MB of memory", "execution_time": "s", "io_operations": "disk operations"}


class ResourceLimiter:
    """Measures one container at a time and says which of its limits it went above. It does not stop the container.

    What is enforced on a sandbox is enforced by the kernel, see `SandboxManager`.
    """

    def __init__(self, limits: ResourceLimits | None = None) -> None:
        self.limits = limits or ResourceLimits()
        self._samples: list[Sample] = []
        self._status = "not_started"
        self._task: asyncio.Task[None] | None = None

    async def start_monitoring(self, container_id: str, interval: float = 0.5) -> None:
        """Take a sample every `interval` seconds until `stop_monitoring`, or until the container is gone.

        Raises `InvalidInput` for an interval that is not positive, and `SandboxFailure` if there is no such running
        container or another one is being watched.
        """
        if not is_number(interval) or interval <= 0:
            raise InvalidInput([FieldProblem("interval", f"{interval!r} is not a number above 0")])
        if self._task is not None and not self._task.done():
            raise SandboxFailure("A container is being watched already.", remedy="Call stop_monitoring() first.")
        settings = host_settings()
        full_id, pid = await asyncio.to_thread(container_process, container_id)
        self._samples, self._status = [], "monitoring"
        self._task = asyncio.create_task(self._watch(full_id, pid, settings.cgroup_root, interval))

    async def stop_monitoring(self) -> None:
        """Take no more samples. The report stays; to stop twice does nothing."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if self._status == "monitoring":
            self._status = "stopped"

    async def _watch(self, container_id: str, pid: int, cgroup_root: Path, interval: float) -> None:
        reader = reader_for(container_id, pid, cgroup_root)
        try:
            sampler = Sampler(reader)
            await asyncio.sleep(min(interval, FIRST_S))
            while True:
                self._samples.append(sampler.sample())
                await asyncio.sleep(interval)
        except OSError:
            self._status = "container_gone"
        finally:
            reader.close()

    def get_usage_report(self) -> dict[str, Any]:
        """What was measured so far.

        Keys: status (`not_started`, `monitoring`, `stopped`, `container_gone`), samples, duration (s), peak_usage and
        average_usage (each with cpu_percent, memory_mb, io_operations, processes), limits, violations (each with
        resource, limit, value, at (s, when it was first seen), message).
        """
        return {
            "status": self._status,
            "samples": len(self._samples),
            "duration": self._duration(),
            "peak_usage": self._usage(max),
            "average_usage": self._usage(_mean),
            "limits": {
                "cpu_percent": self.limits.max_cpu_percent,
                "memory_mb": self.limits.max_memory_mb,
                "execution_time": self.limits.max_execution_time,
                "io_operations": self.limits.max_io_operations,
            },
            "violations": self._violations(),
        }

    def format_report(self) -> str:
        """The report in lines for a terminal or a log."""
        report = self.get_usage_report()
        peak, average = report["peak_usage"], report["average_usage"]
        return "\n".join(
            [
                f"{report['status']}: {report['samples']} samples in {report['duration']:.1f} s",
                f"CPU: {average['cpu_percent']:.0f}% average, {peak['cpu_percent']:.0f}% peak",
                f"memory: {average['memory_mb']:.0f} MB average, {peak['memory_mb']:.0f} MB peak",
                f"I/O operations: {peak['io_operations']:.0f}; processes: {peak['processes']:.0f} at most",
                *(f"violation: {violation['message']}" for violation in report["violations"]),
            ]
        )

    def _duration(self) -> float:
        return self._samples[-1].elapsed_s if self._samples else 0.0

    def _usage(self, summary: Callable[[Sequence[float]], float]) -> dict[str, float]:
        return {
            name: round(summary([measure(sample) for sample in self._samples] or [0.0]), 2)
            for name, measure in MEASURES.items()
        }

    def _violations(self) -> list[dict[str, Any]]:
        limits, found = self.limits, []
        for resource, limit, slack in (
            ("cpu_percent", limits.max_cpu_percent, CPU_SLACK_PERCENT),
            ("memory_mb", limits.max_memory_mb, 0.0),
            ("execution_time", limits.max_execution_time, 0.0),
            ("io_operations", limits.max_io_operations, 0.0),
        ):
            measure = LIMITED[resource]
            above = [one for one in self._samples if limit is not None and measure(one) > limit + slack]
            if above:
                value, at = round(max(map(measure, above)), 2), round(above[0].elapsed_s, 2)
                message = f"{value:g} {UNITS[resource]}, where {limit:g} are allowed; first seen after {at:g} s"
                found.append({"resource": resource, "limit": limit, "value": value, "at": at, "message": message})
        return found


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
