"""The interface for waking the stages, and the names of their queues. Imports nothing from the project."""

from __future__ import annotations

from typing import Protocol

STAGES = ("validate", "execute", "finalize")
DEFAULT_POOL = "default"


def ticket_queue(pool: str) -> str:
    """The Celery queue that the slots of a pool listen to."""
    return "execute" if pool == DEFAULT_POOL else f"execute.{pool}"


def monitor_queue(host: str) -> str:
    """The Celery queue of a host's monitors: only they can see its control groups."""
    return f"monitor.{host}"


class Wake(Protocol):
    """Wakes the stages. The reconciler makes up for a call that is lost."""

    def validate(self, batch_id: str, messages: int = 1) -> None:
        """Have validators look for queued jobs."""

    def execute(self, pool: str, tickets: int = 1) -> None:
        """Have slots of a pool look for ready jobs."""

    def finalize(self) -> None:
        """Have a finalizer look for jobs that wait for their report."""

    def monitor(self, host: str, job_id: str, token: str, container_id: str, pid: int, deadline: float) -> None:
        """Have the host's monitor sample a running sandbox until `deadline`, in seconds since the epoch."""

    def close(self) -> None:
        """Close the connections."""


class Silent:
    """Wakes no stage, for a pipeline that its caller runs in a loop."""

    def validate(self, batch_id: str, messages: int = 1) -> None:
        """Do nothing."""

    def execute(self, pool: str, tickets: int = 1) -> None:
        """Do nothing."""

    def finalize(self) -> None:
        """Do nothing."""

    def monitor(self, host: str, job_id: str, token: str, container_id: str, pid: int, deadline: float) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""
