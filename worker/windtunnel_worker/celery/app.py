"""The Celery application of the workers, with the reason for each setting."""

from __future__ import annotations

from celery import Celery

from windtunnel.broker import broker_transport_options, broker_url, shared_settings
from windtunnel_worker.settings import HostSettings

EXECUTION_BACKSTOP_S = 180
"""Seconds beyond the deadlines of a job and its sandbox, after which a slot that still hangs is killed."""


def create_app(settings: HostSettings) -> Celery:
    """Build the application. Nothing connects yet."""
    url = settings.redis_url.get_secret_value()
    app = Celery("windtunnel", broker=broker_url(url))
    app.conf.update(
        shared_settings(url),
        # A message is kept until its task has ended, so that the reconciler has fewer to replace.
        task_acks_late=True,
        task_acks_on_timeout=True,
        # The message of a slot that dies is delivered again, a limited number of times.
        task_reject_on_worker_lost=True,
        task_retry_on_worker_lost=True,
        task_annotations={"*": {"max_retries": settings.max_attempts, "default_retry_delay": 1}},
        # Work waits in the schedule, where any free slot can take it, not in a busy worker.
        worker_prefetch_multiplier=1,
        # Redis may be away for any time: a worker waits for it, and its leases decide what it may still do.
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            **broker_transport_options(url),
            # This only tidies up: leases decide who works, and the reconciler publishes missing messages.
            "visibility_timeout": settings.ceiling.timeout_s + EXECUTION_BACKSTOP_S,
            "unacked_restore_interval": 30,
            "unacked_restore_throttle": 1,
            "unacked_mutex_expire": 30,
        },
        # Above all other deadlines: it only ends a slot that hangs.
        task_time_limit=settings.ceiling.timeout_s + EXECUTION_BACKSTOP_S,
        # On TERM a worker may finish for this long; after that, leases expire and the jobs are taken back.
        worker_soft_shutdown_timeout=10,
        # A slot prepares its first sandbox before it reports for work.
        worker_proc_alive_timeout=60,
        # Replacing processes frees memory that C libraries never return.
        worker_max_tasks_per_child=1000,
        # For Flower. Messages carry ids only, so events leak no code.
        worker_send_task_events=True,
        task_send_sent_event=True,
    )
    return app
