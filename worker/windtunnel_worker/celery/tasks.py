"""The Celery tasks, which call the pipeline. Their arguments and results are ids and counts, nothing else.

A message only says "look for work". It may come twice, late or never, since the records say what to do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from celery import Celery, Task
from kombu.exceptions import OperationalError

from windtunnel.broker import task_name
from windtunnel.errors import StoreUnavailable, UnreadableRecord
from windtunnel.wake import DEFAULT_POOL
from windtunnel_worker.celery.process import Process
from windtunnel_worker.monitoring.watch import watch

JOBS_SHOWN = 20
"""Ids in a task's result, which Flower shows."""


def register(app: Celery, process: Process) -> None:
    """Add the tasks of every role to an application."""

    def task(stage: str, **options: Any) -> Callable[[Callable[..., Any]], Any]:
        # A task cannot help it that Redis is away or what is stored is damaged, so Celery logs that in one line.
        throws = (StoreUnavailable, UnreadableRecord, OperationalError)
        return app.task(name=task_name(stage), bind=True, throws=throws, **options)

    @task("validate")
    def validate(self: Task[..., Any], batch_id: str) -> dict[str, Any]:
        """Judge queued programs. If jobs became ready, the chain continues with a ticket."""
        passed = process.pipeline.validate()
        if not passed.ready[DEFAULT_POOL]:
            self.request.chain = None
        return {"pool": DEFAULT_POOL, "batch": batch_id, "ready": sum(passed.ready.values())}

    @task("execute")
    def execute(self: Task[..., Any], ticket: dict[str, Any]) -> list[str]:
        """Claim ready jobs and run them. Returns their ids."""
        ran = process.pipeline.execute(str(ticket.get("pool", DEFAULT_POOL)))
        if not ran:
            self.request.chain = None
        return _shown(ran)

    @task("finalize")
    def finalize(_: Task[..., Any], ran: list[str]) -> list[str]:
        """Write the reports that are due; `ran` only shows which execution woke this."""
        finished = process.pipeline.finalize()
        process.job_events.send()
        return _shown(finished)

    @task("monitor", acks_late=False)
    def monitor(_: Task[..., Any], job_id: str, token: str, container_id: str, pid: int, deadline: float) -> int:
        """Sample a running sandbox into Redis until it is gone. Returns the number of samples."""
        settings, reports = process.settings, process.records.reports
        attempt = int(token.partition("-")[0])
        count = 0
        for sample in watch(container_id, pid, settings.cgroup_root, settings.sample_interval_s, deadline):
            running = reports.add_samples(job_id, attempt, [sample])
            count += 1
            if running != token:  # a cell outlives its job
                break
        return count


def _shown(ids: list[str]) -> list[str]:
    more = len(ids) - JOBS_SHOWN
    return [*ids[:JOBS_SHOWN], f"and {more} more"] if more > 0 else ids
