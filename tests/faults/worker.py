"""A small worker for the tests of the queue's side. Run as a program: pool, width, watchdog's limit in seconds,
and the file that says that it is alive.

It serves the queue `work`, writes what it served to the list `served` and what it set aside to `dead`.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import redis
from celery import Celery
from celery.worker.control import control_command

from windtunnel.broker import broker_transport_options
from windtunnel_worker.celery.children import ThreadPool
from windtunnel_worker.celery.resilience import make_resilient
from windtunnel_worker.celery.resilience import serve as serve_queues

URL = os.environ["WINDTUNNEL_REDIS_URL"]
keys = redis.Redis.from_url(URL, retry=None)


def set_aside(queue: str, reason: str, body: bytes) -> None:
    keys.lpush("dead", json.dumps([queue, reason, body.decode(errors="replace")]))


app = Celery("test", broker=URL)
app.conf.update(
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    task_acks_late=True,
    worker_prefetch_multiplier=1,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={**broker_transport_options(), "visibility_timeout": 5, "unacked_restore_interval": 1},
    worker_send_task_events=True,
)


def serve(label: str) -> None:
    keys.lpush("served", label)


def hold(label: str) -> None:
    """Says that it runs and waits for the list `go`."""
    keys.lpush("holding", label)
    redis.Redis.from_url(URL).blpop(["go"], timeout=120)
    serve(label)


def fail(kind: str) -> None:
    raise {"memory": MemoryError, "exit": SystemExit, "interrupt": KeyboardInterrupt, "key": KeyError}[kind]("secret")


@control_command()
def deafen(state: Any) -> None:
    """Stop taking messages, as a consumer does that has lost its places."""
    state.consumer.task_consumer.cancel()


@control_command()
def stumble(state: Any) -> None:
    """Raise what nobody foresaw in the event loop."""
    state.consumer.hub.call_soon(lambda: 1 // 0)


def main(pool: str, width: str, stall_s: str, alive_file: str) -> int:
    make_resilient(app, set_aside, float(stall_s), Path(alive_file))
    for function in (serve, hold, fail):
        app.task(name=f"test.{function.__name__}")(function)
    return serve_queues(
        app,
        hostname=f"test@{os.environ['WINDTUNNEL_HOST']}",
        pool=ThreadPool if pool == "threads" else pool,
        concurrency=int(width),
        queues=["work"],
        loglevel="INFO",
    )


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
