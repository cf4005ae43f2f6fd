"""Runs one role of a host: a Celery worker on the role's queues, and regular work in threads of its process."""

from __future__ import annotations

import argparse
import errno
import gc
import logging
import os
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from importlib import import_module
from importlib.util import find_spec
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
from windtunnel.errors import (
    ExtraMissing,
    FieldProblem,
    InvalidInput,
    SandboxFailure,
    StoreUnavailable,
    StoreUnsupported,
    WindtunnelError,
)
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
from windtunnel_worker.telemetry.logs import start_with_json, use_json

METRICS_PORT, FLOWER_PORT = 9808, 5555
NOT_LISTENING = (errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES)
MOST_INSTANCES = 64
"""Workers of one role on one machine."""
ROLES = {
    "validate": "judges programs",
    "execute": "runs them in sandboxes, on a Docker host",
    "monitor": "measures sandboxes, on the same host",
    "finalize": "scores and reports",
    "flower": "serves Flower",
    "metrics": "serves metrics for Prometheus",
}
LOADED = {"validate": "windtunnel.validation.validator", "execute": "windtunnel_worker.sandbox.executor"}
"""What only this role loads."""


def take_node_name(role: str, host: str, lock_dir: Path) -> tuple[str, Lock]:
    """Reserve a node name for this worker: `execute@host`, then `execute@host.2` and so on.

    The containers of a Compose service share a host name, so it alone is not unique. The name is held until the process
    ends.
    """
    for number in range(1, MOST_INSTANCES + 1):
        name = f"{role}@{host}" if number == 1 else f"{role}@{host}.{number}"
        lock = hold_first_free(lock_dir, [f"node {name}"])
        if lock is not None:
            return name, lock
    raise SandboxFailure(
        f"{MOST_INSTANCES} workers serve {role} on {host} already.", remedy="Give this one more slots instead."
    )


def worker_options(
    role: str, node: str, settings: HostSettings, concurrency: int, *, with_monitor: bool = False
) -> dict[str, Any]:
    """Celery's options for the worker of a role, which may serve its host's monitor queue as well.

    Slots are forked processes, and so are validators if there are several; the other roles use threads. A single
    validator runs in the worker itself, which saves a process. If a program kills it, it is started again, and the
    reconciler gives that program out a limited number of times.
    """
    queues = {
        "execute": [ticket_queue(pool) for pool in settings.pools],
        "monitor": [monitor_queue(settings.host)],
    }.get(role, [role])
    if with_monitor:
        queues.append(monitor_queue(settings.host))
        concurrency += width_of("monitor")
    return {
        "hostname": node,
        "queues": queues,
        "pool": "prefork" if role == "execute" or (role == "validate" and concurrency > 1) else ThreadPool,
        "concurrency": concurrency,
        "loglevel": "INFO",
    }


def width_of(role: str) -> int:
    """The default number of processes or threads of a role."""
    cores = os.cpu_count() or 1
    # A sandbox's monitor must never wait for another's.
    return {"validate": max(1, cores // 2), "execute": cores, "monitor": 4 * cores, "finalize": 2}[role]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one role until TERM."""
    parser = argparse.ArgumentParser(
        prog="python -m windtunnel_worker",
        description="Runs one role of a host until TERM. Settings come from the environment (docs/settings.md).",
    )
    parser.add_argument(
        "role", choices=ROLES, metavar="ROLE", help="; ".join(f"{role}: {what}" for role, what in ROLES.items())
    )
    parser.add_argument(
        "--concurrency",
        type=_within(1, 1000),
        metavar="COUNT",
        help="slots of execute (default: one per core); processes or threads of the others",
    )
    parser.add_argument(
        "--with-monitor",
        action="store_true",
        help="finalize also does what monitor does, in the same process: saves memory where both are on one host",
    )
    parser.add_argument(
        "--port",
        type=_within(1, 65535),
        metavar="PORT",
        help=f"of flower (default: {FLOWER_PORT}) or metrics (default: {METRICS_PORT})",
    )
    parser.add_argument(
        "--address", default="127.0.0.1", metavar="ADDRESS", help="of flower or metrics (default: %(default)s)"
    )
    parser.add_argument(
        "--alive-file",
        type=_writable,
        metavar="FILE",
        help="touched while the worker does its work, for a health check (not of flower and metrics)",
    )
    options = parser.parse_args(arguments)
    if options.with_monitor and options.role != "finalize":
        parser.error("--with-monitor is an option of finalize")
    try:
        settings = host_settings()
        if settings.log_format == "json":
            start_with_json()
        notify(READY)  # also while it still waits for Redis
        refuse_cluster(settings)
        if options.role in ("metrics", "flower"):
            be_alive_regularly()
        if options.role == "metrics":
            export(settings, options.address, options.port or METRICS_PORT)
            return
        app = create_app(settings)
        if options.role == "flower":
            show(app, options.address, options.port or FLOWER_PORT)
        else:
            node, _held = take_node_name(options.role, settings.host, settings.lock_dir)
            width = options.concurrency or width_of(options.role)
            worker = worker_options(options.role, node, settings, width, with_monitor=options.with_monitor)
            sys.exit(run_worker(app, settings, worker, options.alive_file))
    except WindtunnelError as error:
        # The settings may be what is wrong.
        if os.environ.get("WINDTUNNEL_LOG_FORMAT") != "json":
            raise SystemExit(f"windtunnel_worker: {error}") from error
        start_with_json()
        logging.getLogger(__name__).critical("action=refused reason=%s", error)
        raise SystemExit(1) from error


def _within(least: int, most: int) -> Callable[[str], int]:
    """Reads an option that is a whole number of this range."""

    def number(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most}")
        return int(text)

    return number


def _writable(text: str) -> Path:
    """Reads an option that names a file to write."""
    file = Path(text)
    if not os.access(file.parent, os.W_OK):
        raise argparse.ArgumentTypeError(f"{file.parent} cannot be written by this user")
    return file


def write_json(logger: logging.Logger, **_: object) -> None:
    """Make a worker write its log as JSON."""
    use_json(logger)


def refuse_cluster(settings: HostSettings) -> None:
    """Raise `StoreUnsupported` for a Redis Cluster or a Sentinel.

    A Redis that does not answer is left for the worker to wait for.
    """
    with closing(records_of(settings, retries=0)) as records:
        try:
            records.reading.ping()
        except StoreUnsupported:
            raise
        except StoreUnavailable as error:
            logging.getLogger(__name__).warning("action=no-redis reason=%s", error)


def export(settings: HostSettings, address: str, port: int) -> None:
    """Serve the deployment's metrics until TERM."""
    try:
        from windtunnel_worker.telemetry.exporter import serve as serve_metrics
    except ModuleNotFoundError as error:
        raise ExtraMissing("The role metrics", "metrics") from error
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    with listening(address, port):
        serve_metrics(settings, address, port)


def show(app: Celery, address: str, port: int) -> None:
    """Serve Flower until TERM."""
    if find_spec("flower") is None:
        raise ExtraMissing("The role flower", "flower")
    check_login(os.environ.get("FLOWER_BASIC_AUTH", ""))
    with listening(address, port):
        app.start(["flower", f"--address={address}", f"--port={port}", "--max_tasks=5000"])


def check_login(logins: str) -> None:
    """Raise `InvalidInput` for a login with which nobody could log in. Flower divides several by commas."""
    for login in logins.split(",") if logins else ():
        user, colon, password = login.partition(":")
        if not (user and colon and password and login.isascii() and login.isprintable()):
            problem = FieldProblem("FLOWER_BASIC_AUTH", "this is not <user>:<password> in ASCII without a comma")
            raise InvalidInput([problem], remedy="Choose another login; a comma separates several.")


@contextmanager
def listening(address: str, port: int) -> Iterator[None]:
    """Raise `InvalidInput` for an address or port that cannot be listened on."""
    try:
        yield
    except OSError as error:
        if not isinstance(error, socket.gaierror) and error.errno not in NOT_LISTENING:
            raise
        problem = FieldProblem("--address, --port", f"{address} and {port} cannot be used: {error.strerror or error}")
        raise InvalidInput([problem], remedy="Choose others.") from error


def load(role: str) -> None:
    """Load what the processes of a role share, before any is forked."""
    compile_models()
    if role in LOADED:
        import_module(LOADED[role])
    gc.freeze()  # a collection writes to every object that it looks at


def run_worker(app: Celery, settings: HostSettings, options: dict[str, Any], alive_file: Path | None = None) -> int:
    """Run a role's worker and its regular work until TERM. Returns the exit code, which is not 0 after a fault.

    `options` are what `worker_options` gives. Its name is `<role>@<host>`, with a number if the machine has several.
    """
    node = options["hostname"]
    role = node.partition("@")[0]
    process, parent = Process(settings, app, node), Process(settings, app)
    process.check()
    make_resilient(app, parent.records.care.set_aside, alive_file=alive_file)
    register(app, process)
    load(role)
    alive.report_regularly()

    def ready(**_: object) -> None:
        alive.report_ready()
        if role == "execute":
            present_regularly(settings, node, options["concurrency"])
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
    return serve(app, **options)
