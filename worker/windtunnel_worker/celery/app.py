"""The Celery application of the workers, each setting with its reason."""

from __future__ import annotations

from functools import lru_cache

from celery import Celery

from windtunnel.broker import PUBLISH_RETRY, broker_transport_options, broker_url
from windtunnel_worker.sandbox.container import READY_TIMEOUT_S
from windtunnel_worker.settings import HostSettings, host_settings

EXECUTION_BACKSTOP_S = READY_TIMEOUT_S + 60
"""Beyond a job's own deadline, after which a slot that hangs all the same is killed."""


def monitor_queue(host: str) -> str:
    """The queue of a host's monitors: only they see its control groups."""
    return f"monitor.{host}"


def create_app(settings: HostSettings) -> Celery:
    """Build the application. Nothing connects yet."""
    app = Celery("windtunnel", broker=broker_url(settings.redis_url.get_secret_value()))
    app.conf.update(
        # A message is data: nothing else is ever unpickled.
        task_serializer="json",
        accept_content=["json"],
        # Records are the truth; a result backend would be a second one.
        task_ignore_result=True,
        # A message lives until its work is recorded; claims make a second delivery harmless.
        task_acks_late=True,
        task_acks_on_timeout=True,
        # A slot that dies gives its message back, a bounded number of times, when its lease has run out.
        task_reject_on_worker_lost=True,
        task_retry_on_worker_lost=True,
        task_annotations={"*": {"max_retries": settings.max_attempts, "default_retry_delay": settings.lease_s + 1}},
        # Work waits in the queue, where any free slot can take it, not in a busy worker.
        worker_prefetch_multiplier=1,
        # After a reconnect the message is delivered again; the first run would be a zombie.
        worker_cancel_long_running_tasks_on_connection_loss=True,
        # Redis may restart at any time and for any time: a worker waits for it.
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        task_publish_retry_policy=PUBLISH_RETRY,
        broker_transport_options={
            **broker_transport_options(),
            # Short, as leases decide who works: a lost worker's message is back after two minutes.
            "visibility_timeout": 120,
            # The sweep for such messages: its defaults would add a minute and a half.
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            "unacked_mutex_expire": 30,
        },
        # Above any deadline of ours: it only catches a supervisor that hangs.
        task_time_limit=settings.ceiling.timeout_s + EXECUTION_BACKSTOP_S,
        # On TERM a worker finishes what runs, for so long; then messages go back to their queue.
        worker_soft_shutdown_timeout=10,
        # A slot prepares its first sandbox before it reports for work.
        worker_proc_alive_timeout=60,
        # Memory that C libraries never give back leaves with the process.
        worker_max_tasks_per_child=1000,
        # For Flower. Messages carry ids only, so events leak no code.
        worker_send_task_events=True,
        task_send_sent_event=True,
        imports=["windtunnel_worker.celery.tasks"],
    )
    return app


@lru_cache(maxsize=1)
def _application() -> Celery:
    return create_app(host_settings())


def __getattr__(name: str) -> Celery:
    """`app` is built when asked for, so that importing this module reads no environment."""
    if name == "app":
        return _application()
    raise AttributeError(name)
