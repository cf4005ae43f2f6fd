"""What each role of a host is as a Celery worker: its queue, its pool, its width."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from windtunnel.errors import SandboxFailure, WindtunnelError
from windtunnel_worker.celery.app import create_app, monitor_queue
from windtunnel_worker.recovery.reaper import reap_regularly
from windtunnel_worker.sandbox.locks import Lock, hold_first_free
from windtunnel_worker.settings import host_settings

MOST_INSTANCES = 64
"""Workers of one role on one machine."""
ROLES = ("validate", "execute", "monitor", "finalize", "flower")


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


def worker_arguments(role: str, node: str, host: str, concurrency: int | None) -> list[str]:
    """Celery's arguments of a role. Supervisors and CPU-bound checks fork; short waits share threads."""
    pool, width = {
        "validate": ("prefork", max(1, (os.cpu_count() or 1) // 2)),
        "execute": ("prefork", os.cpu_count() or 1),
        # A sandbox's monitor must never wait for another's.
        "monitor": ("threads", 4 * (os.cpu_count() or 1)),
        "finalize": ("threads", 2),
    }[role]
    queue = monitor_queue(host) if role == "monitor" else role
    return [
        "worker",
        f"--hostname={node}",
        f"--queues={queue}",
        f"--pool={pool}",
        f"--concurrency={concurrency or width}",
        "--loglevel=INFO",
        "--without-gossip",
        "--without-mingle",
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one role until TERM."""
    parser = argparse.ArgumentParser(prog="windtunnel_worker", description=__doc__)
    parser.add_argument("role", choices=ROLES)
    parser.add_argument("--concurrency", type=int, help="slots of execute, processes or threads of the others")
    parser.add_argument("--port", type=int, default=5555, help="flower's port")
    parser.add_argument("--address", default="127.0.0.1", help="flower's address")
    parser.add_argument("--node-file", type=Path, help="where to write the worker's node name, for a health check")
    options = parser.parse_args(arguments)
    try:
        settings = host_settings()
        app = create_app(settings)
        if options.role == "flower":
            app.start(["flower", f"--address={options.address}", f"--port={options.port}", "--max_tasks=5000"])
        else:
            if options.role == "execute":
                reap_regularly(settings.host)
            node, _held = take_node_name(options.role, settings.host, settings.lock_dir)
            if options.node_file:
                options.node_file.write_text(node)
            app.worker_main(worker_arguments(options.role, node, settings.host, options.concurrency))
    except WindtunnelError as error:
        raise SystemExit(f"windtunnel_worker: {error}") from error
