"""The collaborators of one worker process. Each is built when first needed, after any fork."""

from __future__ import annotations

import os
import secrets
from functools import cached_property
from typing import TYPE_CHECKING

from windtunnel.broker import Broker
from windtunnel.records import Records, records_of
from windtunnel_worker.celery.job_events import JobEvents
from windtunnel_worker.pipeline import Pipeline, Terms
from windtunnel_worker.pipeline.collaborators import all_of, log_what_happens
from windtunnel_worker.settings import HostSettings
from windtunnel_worker.telemetry.wanted import tracing_for

if TYPE_CHECKING:
    from celery import Celery

    from windtunnel_worker.pipeline.collaborators import Executor, Observer, Scorer, Validator

PATIENCE = 30
"""How often a worker repeats a command while Redis is away, which takes about a minute."""


class Process:
    """The collaborators of one worker process."""

    def __init__(self, settings: HostSettings, app: Celery, node: str = "") -> None:
        """`node` is the worker's name in Celery's events."""
        self.settings, self._app, self._node = settings, app, node

    @cached_property
    def session(self) -> str:
        """The holder of leases: host, process id, and a random part, since process ids are reused."""
        return f"{self.settings.host}:{os.getpid()}:{secrets.token_hex(4)}"

    @cached_property
    def records(self) -> Records:
        """The job records."""
        return records_of(self.settings, retries=PATIENCE)

    @cached_property
    def broker(self) -> Broker:
        """Wakes the stages."""
        return Broker(self.settings.redis_url.get_secret_value(), self._app)

    @cached_property
    def pipeline(self) -> Pipeline:
        """The stages; validator, executor and scorer are built when first used."""
        return Pipeline(
            self.records,
            session=self.session,
            validator=self._validator,
            executor=self._executor,
            scorer=self._scorer,
            wake=self.broker,
            terms=terms_of(self.settings),
            observer=self._observer(),
        )

    @cached_property
    def job_events(self) -> JobEvents:
        """Reports failed jobs to Celery's monitors."""
        return JobEvents(self._app, self._node)

    def check(self) -> None:
        """Raise what would keep this process from doing any work, so that it ends at its start and says why."""
        tracing_for(os.environ)
        if self._node.startswith("validate@") and self.settings.policies:
            self._validator().policy_id("python")

    def close(self) -> None:
        """Remove the sandboxes of this process."""
        if "pipeline" in vars(self):
            self.pipeline.close()

    def _observer(self) -> Observer:
        """The log, Celery's monitors, and traces if OpenTelemetry's variables name an endpoint."""
        observers: list[Observer] = [log_what_happens]
        if self._node:
            observers.append(self.job_events)
        if tracing := tracing_for(os.environ):
            observers.append(tracing(self.records.reading.submitted_in))
        return all_of(*observers)

    def _validator(self) -> Validator:
        from windtunnel.validation import SecurityValidator

        return SecurityValidator(strict_mode=self.settings.strict, policies=self.settings.policies)

    def _executor(self) -> Executor:
        from windtunnel_worker.sandbox import Executor

        return Executor(self.settings, f"slot:{self.settings.host}:{os.getpid()}", warm=True)

    def _scorer(self) -> Scorer:
        from windtunnel_worker.prices import PriceScorer

        return PriceScorer.of(self.settings)


def terms_of(settings: HostSettings) -> Terms:
    """What the settings say about leases, attempts and limits."""
    return Terms(
        lease_s=settings.lease_s,
        max_attempts=settings.max_attempts,
        retry_pause_s=settings.retry_pause_s,
        ceiling=settings.ceiling,
    )
