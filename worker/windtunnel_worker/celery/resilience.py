"""Gives a Celery application this package's transport, consumer, tasks and watchdog."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from celery import Celery

from windtunnel_worker.celery.children import Task
from windtunnel_worker.celery.consumer import Consumer
from windtunnel_worker.celery.dead_letters import SetAside, only_log
from windtunnel_worker.celery.transport import connection_class
from windtunnel_worker.celery.watchdog import Watchdog

HEARTBEAT_EVERY_S = 10
"""Between two heartbeat events of a worker; Flower shows it as lost after twice this."""


def make_resilient(
    app: Celery, set_aside: SetAside = only_log, stall_s: float = 30.0, alive_file: Path | None = None
) -> None:
    """Prepare an application, before its first task and connection are made.

    `set_aside` is called, in a worker's main process, with each message that cannot be read. A worker ends if it takes
    no message for `stall_s` seconds although its queue has some and it could. `alive_file` is touched while it works.
    """
    app.task_cls = f"{Task.__module__}:{Task.__name__}"
    app.amqp.Connection = connection_class(set_aside)
    app.conf.update(
        worker_consumer=Consumer,
        # A command that Redis refuses, for example for lack of memory, costs a connection and not the worker.
        broker_channel_error_retry=True,
    )
    app.steps["worker"].add(type("Watchdog", (Watchdog,), {"limit_s": stall_s, "alive_file": alive_file}))


def serve(app: Celery, **options: Any) -> int:
    """Run a worker until it is asked to stop. Returns its exit code, which is 0 only if it was asked to.

    `app.worker_main` would always end with 0.
    """
    worker = app.Worker(without_gossip=True, without_mingle=True, heartbeat_interval=HEARTBEAT_EVERY_S, **options)
    worker.start()
    code = worker.exitcode
    if code is None:
        return 1
    return code if isinstance(code, int) else 0  # a text: stopped by remote control
