"""Publishes wake-up messages: chains of task names with job ids, never code. The client's only use of Celery.

A message says "look at these jobs"; what is to be done stands in their records. Publishing twice is harmless.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from celery import Celery, chain
from kombu.exceptions import OperationalError

from windtunnel.errors import StoreUnavailable
from windtunnel.records.redis import masked

STAGES = ("validate", "execute", "finalize")
MESSAGES_A_FLUSH = 1_000
PRIORITY_STEPS = [0, 3, 6, 9]
PUBLISH_RETRY = {"max_retries": 3, "interval_start": 0, "interval_step": 0.5, "interval_max": 1}


def task_name(stage: str) -> str:
    """The Celery name of a stage's task; its queue is called as the stage."""
    return f"windtunnel.{stage}"


def broker_url(redis_url: str) -> str:
    """Kombu's spelling of a Redis URL: that of a socket names its database otherwise."""
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    database = parse_qs(parts.query).get("db")
    query = f"?virtual_host={database[0]}" if database else ""
    return f"redis+socket://{parts.netloc}{parts.path}{query}"


def broker_transport_options() -> dict[str, Any]:
    """What both ends must agree on: the key names of the priority lists, and deadlines on every socket."""
    return {
        "queue_order_strategy": "priority",
        "priority_steps": PRIORITY_STEPS,
        "sep": ":",
        "socket_timeout": 30,
        "socket_connect_timeout": 5,
        "socket_keepalive": True,
        "health_check_interval": 25,
    }


def producer_app(redis_url: str) -> Celery:
    """A Celery application that only publishes."""
    app = Celery("windtunnel", broker=broker_url(redis_url), set_as_current=False)
    app.conf.update(
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        broker_transport_options=broker_transport_options(),
        task_publish_retry_policy=PUBLISH_RETRY,
    )
    return app


class Publisher:
    """Sends chunks of job ids to a stage and, chained behind it, to all later stages."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def publish(
        self, stage: str, chunks: Sequence[Sequence[Any]], *, priority: int, countdown: float | None = None
    ) -> None:
        """Publish one chain a chunk. `countdown` is in seconds. `StoreUnavailable` if Redis is away."""
        stages = STAGES[STAGES.index(stage) :]
        try:
            with self._app.producer_or_acquire() as producer, producer.batch(MESSAGES_A_FLUSH):
                for chunk in chunks:
                    first = self._signature(stages[0], priority, (list(chunk),))
                    rest = [self._signature(later, priority) for later in stages[1:]]
                    chain(first.set(countdown=countdown), *rest, app=self._app).apply_async(producer=producer)
        except OperationalError as error:
            url = masked(str(self._app.conf.broker_url))
            raise StoreUnavailable(
                f"Redis at {url} does not take messages: {error}.",
                remedy="The records are stored; submit again with the same idempotency key.",
            ) from error

    def _signature(self, stage: str, priority: int, args: tuple[Any, ...] = ()) -> Any:
        return self._app.signature(task_name(stage), args=args, queue=stage, priority=priority)


def served_queues(redis_url: str, timeout: float = 1.0) -> dict[str, list[str]]:
    """Queue → the workers that serve it now, as they answer within `timeout` seconds."""
    with producer_app(redis_url) as app:
        answers = app.control.inspect(timeout=timeout).active_queues() or {}
    served: dict[str, list[str]] = {}
    for worker, queues in answers.items():
        for queue in queues:
            served.setdefault(queue["name"], []).append(worker)
    return served
