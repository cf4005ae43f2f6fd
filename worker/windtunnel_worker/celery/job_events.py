"""Reports failed jobs to monitors of Celery, such as Flower.

For Celery every task succeeds: how a job ends is a value, and the task that wrote its report did its work.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from windtunnel.contract import Outcome, Report

if TYPE_CHECKING:
    from celery import Celery

log = logging.getLogger(__name__)

NAME = "windtunnel.job"
"""The name of the task under which monitors show a job."""
NO_FAILURES = (Outcome.SUCCEEDED, Outcome.CANCELLED)
JOBS_A_MESSAGE = 100
MOST = 5000
"""Failures that may wait to be sent, which is also how many tasks Flower remembers."""


class JobEvents:
    """An observer that reports each failed job as a failed task with the job's id.

    Only ids, outcome and host are sent, since the message of a program's error may quote the program.
    """

    def __init__(self, app: Celery, node: str) -> None:
        self._app, self._node = app, node
        self._unsent: deque[Report] = deque(maxlen=MOST)

    def __call__(self, what: str, job_id: str = "", **facts: object) -> None:  # noqa: ARG002 - as observers are called
        """Note an event, to be sent by the next call of `send`."""
        report = facts.get("report")
        if what == "finished" and isinstance(report, Report) and report.outcome not in NO_FAILURES:
            self._unsent.append(report)

    def send(self) -> None:
        """Send what was noted in few messages: one for each job would cost as much as its report."""
        if not self._unsent:
            return
        try:
            with self._app.amqp.producer_pool.acquire(block=True) as producer:
                dispatcher = self._app.events.Dispatcher(
                    producer.connection,
                    self._node,
                    channel=producer.channel,
                    buffer_while_offline=False,
                    buffer_group={"task"},
                    buffer_limit=JOBS_A_MESSAGE,
                )
                while self._unsent:
                    dispatcher.send("task-failed", **_event(self._unsent.popleft()))
                dispatcher.flush()
        except (OperationalError, RedisError, OSError) as error:  # the reports are written, which is what counts
            log.warning("action=failures-not-told reason=%s", type(error).__name__)


def _event(report: Report) -> dict[str, Any]:
    execution = report.execution
    return {
        "uuid": report.job_id,
        "name": NAME,
        "args": f"('{report.batch_id}',)",
        "kwargs": repr({"host": execution.host} if execution else {}),
        "exception": f"{report.outcome.value}: windtunnel report {report.job_id}",
        "traceback": "",
        "received": time.time(),
        "runtime": execution.resources.duration_s if execution else None,
    }
