"""What each role of a host is: a Celery worker on its queues, and what runs beside it in the worker's process."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from celery import Celery
from celery.signals import worker_process_init, worker_process_shutdown, worker_ready

from windtunnel.broker import monitor_queue, ticket_queue
from windtunnel.errors import WindtunnelError
from windtunnel_worker.celery.app import create_app
from windtunnel_worker.celery.beside import present_regularly, reconcile_regularly
from windtunnel_worker.celery.process import Process
from windtunnel_worker.celery.tasks import register
from windtunnel_worker.settings import HostSettings, host_settings
from windtunnel_worker.stack import alive

ROLES = ("validate", "execute", "monitor", "finalize", "flower")


def worker_arguments(role: str, settings: HostSettings, concurrency: int) -> list[str]:
    """Celery's arguments of a role. Supervisors and CPU-bound checks fork; short waits share threads."""
    queues = {
        "execute": [ticket_queue(pool) for pool in settings.pools],
        "monitor": [monitor_queue(settings.host)],
    }.get(role, [role])
    pool = "prefork" if role in ("validate", "execute") else "threads"
    return [
        "worker",
        f"--hostname={role}@{settings.host}",
        f"--queues={','.join(queues)}",
        f"--pool={pool}",
        f"--concurrency={concurrency}",
        "--loglevel=INFO",
        "--without-gossip",
        "--without-mingle",
    ]


def width_of(role: str) -> int:
    """How many processes or threads a role has where nobody says so."""
    cores = os.cpu_count() or 1
    # A sandbox's monitor must never wait for another's.
    return {"validate": max(1, cores // 2), "execute": cores, "monitor": 4 * cores, "finalize": 2}[role]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one role until TERM."""
    parser = argparse.ArgumentParser(prog="windtunnel_worker", description=__doc__)
    parser.add_argument("role", choices=ROLES)
    parser.add_argument("--concurrency", type=int, help="slots of execute, processes or threads of the others")
    parser.add_argument("--port", type=int, default=5555, help="flower's port")
    parser.add_argument("--address", default="127.0.0.1", help="flower's address")
    options = parser.parse_args(arguments)
    try:
        settings = host_settings()
        app = create_app(settings)
        if options.role == "flower":
            app.start(["flower", f"--address={options.address}", f"--port={options.port}", "--max_tasks=5000"])
        else:
            run_worker(app, settings, options.role, options.concurrency or width_of(options.role))
    except WindtunnelError as error:
        raise SystemExit(f"windtunnel_worker: {error}") from error


def run_worker(app: Celery, settings: HostSettings, role: str, concurrency: int) -> None:
    """Run a role's worker, with what belongs beside it, until TERM."""
    process = Process(settings, app)
    register(app, process)

    alive.report_regularly()

    def ready(**_: object) -> None:
        alive.report_ready()
        if role == "execute":
            present_regularly(settings, concurrency)
        if role in ("validate", "finalize"):
            reconcile_regularly(Process(settings, app))

    def child_started(**_: object) -> None:
        if role == "execute":
            process.pipeline.warm_up()

    def child_ends(**_: object) -> None:
        process.close()

    worker_ready.connect(ready, weak=False)
    worker_process_init.connect(child_started, weak=False)
    worker_process_shutdown.connect(child_ends, weak=False)
    app.worker_main(worker_arguments(role, settings, concurrency))
