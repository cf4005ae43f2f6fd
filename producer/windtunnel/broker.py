"""Publishes the Celery messages that wake a stage. They carry ids, never code. Celery is loaded when first needed.

The work itself is in the records, and any message of a stage can serve any of it. So an extra message is harmless, and
the reconciler replaces a missing one.
"""

from __future__ import annotations

import importlib
import logging
import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

from redis.connection import parse_url

from windtunnel.address import SentinelAddress
from windtunnel.records.failures import explained
from windtunnel.wake import STAGES, monitor_queue, ticket_queue

if TYPE_CHECKING:
    from celery import Celery

log = logging.getLogger(__name__)

PUBLISH_RETRY = {"max_retries": 3, "interval_start": 0, "interval_step": 0.5, "interval_max": 1}
_IMPORTING = threading.Lock()


def _celery() -> Any:
    """Celery's module, which puts another one in its own place while it is first imported.

    A thread that imported it at that moment would keep the old one, which has no `chain`.
    """
    with _IMPORTING:
        return importlib.import_module("celery")


def task_name(stage: str) -> str:
    """The Celery name of a stage's task."""
    return f"windtunnel.{stage}"


def broker_url(redis_url: str) -> str:
    """A Redis URL in kombu's notation, which differs for Sentinels, TLS and Unix sockets."""
    address = SentinelAddress.read(redis_url)
    if address:
        return address.for_kombu()
    parts = urlsplit(redis_url)
    if parts.scheme == "rediss":
        return urlunsplit(parts._replace(query=""))  # `broker_tls` reads the query
    if parts.scheme != "unix":
        return redis_url
    database = parse_qs(parts.query).get("db")
    query = f"?virtual_host={database[0]}" if database else ""
    return f"redis+socket://{parts.netloc}{parts.path}{query}"


def broker_tls(redis_url: str) -> dict[str, Any] | None:
    """The TLS options in a `rediss://` URL, such as `ssl_ca_certs`; None without TLS.

    Without this dictionary kombu would not use TLS, whatever the scheme says.
    """
    if urlsplit(redis_url).scheme != "rediss":
        return None
    options = parse_url(redis_url)  # type: ignore[no-untyped-call]
    return {"ssl_cert_reqs": "required", **{name: options[name] for name in options if name.startswith("ssl_")}}


def broker_transport_options(redis_url: str = "") -> dict[str, Any]:
    """The options that clients and workers must agree on, and a deadline for every socket."""
    address = SentinelAddress.read(redis_url)
    sentinel = (
        {
            "master_name": address.master,
            "sentinel_kwargs": {"socket_timeout": 2, "password": address.sentinel_password},
        }
        if address
        else {}
    )
    return {
        **sentinel,
        # One list per queue: the schedule in the records decides which job is next.
        "priority_steps": [0],
        "socket_timeout": 30,
        "socket_connect_timeout": 5,
        "socket_keepalive": True,
        "health_check_interval": 25,
    }


def shared_settings(redis_url: str) -> dict[str, Any]:
    """The settings that are the same in the applications of clients and workers."""
    return {
        # Messages are JSON; nothing is ever unpickled.
        "task_serializer": "json",
        "accept_content": ["json"],
        # The records are the source of truth; a result backend would be a second one.
        "task_ignore_result": True,
        "task_publish_retry_policy": PUBLISH_RETRY,
        "broker_use_ssl": broker_tls(redis_url),
        "broker_transport_options": broker_transport_options(redis_url),
    }


def producer_app(redis_url: str) -> Celery:
    """A Celery application that only publishes."""
    app: Celery = _celery().Celery("windtunnel", broker=broker_url(redis_url), set_as_current=False)
    app.conf.update(shared_settings(redis_url))
    return app


class Broker:
    """Wakes stages through Celery. `app` is the worker's own application, if there is one."""

    def __init__(self, redis_url: str, app: Celery | None = None) -> None:
        self._url = redis_url
        if app is not None:
            self._app = app

    @cached_property
    def _app(self) -> Celery:
        return producer_app(self._url)

    def close(self) -> None:
        """Close the connections."""
        if "_app" in vars(self):
            self._app.close()

    def validate(self, batch_id: str, messages: int = 1) -> None:
        """Have validators look for queued jobs. The other stages are chained behind each message."""
        self._publish("validate", [batch_id], "validate", messages)

    def execute(self, pool: str, tickets: int = 1) -> None:
        """Have slots of a pool look for ready jobs."""
        self._publish("execute", [{"pool": pool}], ticket_queue(pool), tickets)

    def finalize(self) -> None:
        """Have a finalizer look for jobs that wait for their report."""
        self._publish("finalize", [[]], "finalize", 1)

    def monitor(self, host: str, job_id: str, token: str, container_id: str, pid: int, deadline: float) -> None:
        """Have a host's monitor sample a running sandbox until `deadline`, in seconds since the epoch."""
        arguments = [job_id, token, container_id, pid, deadline]
        self._publish("monitor", arguments, monitor_queue(host), 1, expires=60)

    def _publish(self, stage: str, arguments: list[Any], queue: str, messages: int, **options: Any) -> None:
        """Publish messages. A failure is only logged, since the reconciler publishes what is missing."""
        chain = _celery().chain
        from kombu.exceptions import OperationalError

        later = STAGES[STAGES.index(stage) + 1 :] if stage in STAGES else ()
        signature = self._app.signature(task_name(stage), args=arguments, queue=queue, **options)
        steps = [self._app.signature(task_name(one), queue=one) for one in later]
        try:
            # Celery takes a connection from its pool for each: a chain ignores a producer that it is given, and threads
            # that held one while they wait for another would wait for ever.
            for _ in range(messages):
                chain(signature, *steps, app=self._app).apply_async()
        except OperationalError as error:
            log.warning("action=publish-failed stage=%s reason=%s", stage, error)


def served_queues(redis_url: str, timeout: float = 1.0) -> dict[str, list[str]]:
    """Queue → the workers that serve it now, as they answer within `timeout` seconds."""
    import redis
    from kombu.exceptions import OperationalError

    try:
        with producer_app(redis_url) as app:
            answers = app.control.inspect(timeout=timeout).active_queues() or {}
    except (OperationalError, redis.RedisError) as error:
        raise explained(redis_url, error.__cause__ or error) from error
    served: dict[str, list[str]] = {}
    for worker, queues in answers.items():
        for queue in queues:
            served.setdefault(queue["name"], []).append(worker)
    return served
