"""What each role of a host is: a Celery worker on its queues, and what runs beside it in the worker's process."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import (
    after_setup_logger,
    after_setup_task_logger,
    worker_process_init,
    worker_process_shutdown,
    worker_ready,
)

from windtunnel.contract import compile_models
from windtunnel.errors import HostFeatureMissing, SandboxFailure, StoreUnavailable, StoreUnsupported, WindtunnelError
from windtunnel.records import records_of
from windtunnel.wake import monitor_queue, ticket_queue
from windtunnel_worker.celery.app import create_app
from windtunnel_worker.celery.beside import archive_regularly, deliver_regularly, present_regularly, reconcile_regularly
from windtunnel_worker.celery.children import ThreadPool
from windtunnel_worker.celery.process import Process
from windtunnel_worker.celery.resilience import make_resilient, serve
from windtunnel_worker.celery.systemd import READY, be_alive_regularly, notify
from windtunnel_worker.celery.tasks import register
from windtunnel_worker.locks import Lock, hold_first_free
from windtunnel_worker.settings import HostSettings, host_settings
from windtunnel_worker.stack import alive
from windtunnel_worker.telemetry.logs import use_json

METRICS_PORT = 9808
MOST_INSTANCES = 64
"""Workers of one role on one machine."""
ROLES = ("validate", "execute", "monitor", "finalize", "flower", "metrics")


def take_node_name(role: str, host: str, lock_dir: Path) -> tuple[str, Lock]:
    """A node name that no other worker of this machine has: `execute@host`, then `execute@host.2` and so on.

    Compose gives every container of a service the same host name. The name is held until the process ends.
    """
    for number in range(1, MOST_INSTANCES + 1):
        name = f"{role}@{host}" if number == 1 else f"{role}@{host}.{number}"
        lock = hold_first_free(lock_dir, [f"node {name}"])
        if lock is not None:
            return name, lock
    raise SandboxFailure(
        f"{MOST_INSTANCES} workers serve {role} on {host} already.", remedy="Give this one more slots instead."
    )


def worker_options(role: str, node: str, settings: HostSettings, concurrency: int) -> dict[str, Any]:
    """What a role is as a Celery worker. Slots fork, and validators where there are several; short waits share threads.

    A single validator is its worker: one process less. If a program ends it, it is started again, and the reconciler
    hands the program out a bounded number of times.
    """
    queues = {
        "execute": [ticket_queue(pool) for pool in settings.pools],
        "monitor": [monitor_queue(settings.host)],
    }.get(role, [role])
    return {
        "hostname": node,
        "queues": queues,
        "pool": "prefork" if role == "execute" or (role == "validate" and concurrency > 1) else ThreadPool,
        "concurrency": concurrency,
        "loglevel": "INFO",
    }


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
    parser.add_argument("--port", type=int, help="flower's (5555) or metrics' (9808)")
    parser.add_argument("--address", default="127.0.0.1", help="flower's or metrics' address")
    parser.add_argument("--alive-file", type=Path, help="touched while the worker does its work, for a health check")
    options = parser.parse_args(arguments)
    try:
        settings = host_settings()
        notify(READY)  # one that waits for Redis has started, too
        if options.role in ("metrics", "flower"):
            be_alive_regularly()
        if options.role == "metrics":
            export(settings, options.address, options.port or METRICS_PORT)
            return
        app = create_app(settings)
        if options.role == "flower":
            app.start(["flower", f"--address={options.address}", f"--port={options.port or 5555}", "--max_tasks=5000"])
        else:
            node, _held = take_node_name(options.role, settings.host, settings.lock_dir)
            width = options.concurrency or width_of(options.role)
            sys.exit(run_worker(app, settings, node, width, options.alive_file))
    except WindtunnelError as error:
        raise SystemExit(f"windtunnel_worker: {error}") from error


def write_json(logger: logging.Logger, **_: object) -> None:
    """Have a worker's log be JSON, a line each."""
    use_json(logger)


def refuse_cluster(settings: HostSettings) -> None:
    """Raises `StoreUnsupported` for a Redis Cluster. One that does not answer is waited for later."""
    records = records_of(settings, retries=0)
    try:
        records.reading.ping()
    except StoreUnsupported:
        raise
    except StoreUnavailable as error:
        logging.getLogger(__name__).warning("action=no-redis reason=%s", error)
    finally:
        records.close()


def export(settings: HostSettings, address: str, port: int) -> None:
    """Serve the deployment's metrics until TERM."""
    try:
        from windtunnel_worker.telemetry.exporter import serve as serve_metrics
    except ModuleNotFoundError as error:
        raise HostFeatureMissing(
            "The role metrics needs a library that is not installed.", remedy="Run `pip install 'windtunnel[metrics]'`."
        ) from error
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    if settings.log_format == "json":
        use_json(logging.getLogger())
    serve_metrics(settings, address, port)


def run_worker(app: Celery, settings: HostSettings, node: str, concurrency: int, alive_file: Path | None = None) -> int:
    """Run a role's worker, with what belongs beside it, until TERM. Returns its exit code: not 0 after a fault.

    `node` is its name: `<role>@<host>`, with a number where the machine has several of them.
    """
    role = node.partition("@")[0]
    process, parent = Process(settings, app, node), Process(settings, app)
    refuse_cluster(settings)
    make_resilient(app, parent.records.care.set_aside, alive_file=alive_file)
    register(app, process)
    compile_models()  # before any fork: once for all slots

    alive.report_regularly()

    def ready(**_: object) -> None:
        alive.report_ready()
        if role == "execute":
            present_regularly(settings, node, concurrency)
        if role in ("validate", "finalize"):
            reconcile_regularly(Process(settings, app))
        if role == "finalize":
            deliver_regularly(Process(settings, app))
            archive_regularly(Process(settings, app))

    def child_started(**_: object) -> None:
        if role == "execute":
            process.pipeline.warm_up()

    def child_ends(**_: object) -> None:
        process.close()

    if settings.log_format == "json":
        for signal in (after_setup_logger, after_setup_task_logger):
            signal.connect(write_json, weak=False)
    worker_ready.connect(ready, weak=False)
    worker_process_init.connect(child_started, weak=False)
    worker_process_shutdown.connect(child_ends, weak=False)
    return serve(app, **worker_options(role, node, settings, concurrency))
