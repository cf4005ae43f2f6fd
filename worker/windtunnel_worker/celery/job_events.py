"""Tells monitors of Celery, such as Flower, which jobs did not succeed.

To Celery every task succeeds: how a job ends is a value, and the task that wrote its report did what it should.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from windtunnel.contract import Outcome, Report

if TYPE_CHECKING:
    from celery import Celery

log = logging.getLogger(__name__)

NAME = "windtunnel.job"
"""As which task monitors see a job."""
NO_FAILURES = (Outcome.SUCCEEDED, Outcome.CANCELLED)


class JobEvents:
    """An observer that reports each job that failed as a failed task under the job's own id.

    Ids, outcome and host are all that is told: the message of a program's error may quote the program.
    """

    def __init__(self, app: Celery, node: str) -> None:
        self._app, self._node = app, node

    def __call__(self, what: str, job_id: str = "", **facts: object) -> None:
        """Something happened."""
        report = facts.get("report")
        if what == "finished" and isinstance(report, Report) and report.outcome not in NO_FAILURES:
            try:
                self._tell(report)
            except (OperationalError, RedisError, OSError) as error:  # the report is written, which is what counts
                log.warning("action=not-told job=%s reason=%s", job_id, type(error).__name__)

    def _tell(self, report: Report) -> None:
        execution = report.execution
        with self._app.events.default_dispatcher(hostname=self._node) as dispatcher:
            dispatcher.send(
                "task-failed",
                uuid=report.job_id,
                name=NAME,
                args=f"('{report.batch_id}',)",
                kwargs=repr({"host": execution.host} if execution else {}),
                exception=f"{report.outcome.value}: windtunnel report {report.job_id}",
                traceback="",
                received=time.time(),
                runtime=execution.resources.duration_s if execution and execution.resources else None,
            )
