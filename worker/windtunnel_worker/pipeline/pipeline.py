"""`Pipeline`: the stages over one set of collaborators, for Celery's tasks and for one process alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property

from windtunnel.records import Records
from windtunnel.wake import Wake
from windtunnel_worker.pipeline.collaborators import (
    Clock,
    Executor,
    Observer,
    Scorer,
    Shared,
    Unscored,
    Validator,
    log_what_happens,
)
from windtunnel_worker.pipeline.execute import Execute
from windtunnel_worker.pipeline.finalize import Finalize
from windtunnel_worker.pipeline.reconcile import Reconcile
from windtunnel_worker.pipeline.terms import Terms
from windtunnel_worker.pipeline.validate import Passed, Validate


class Pipeline:
    """The stages of one process. `session` is `<host>:<pid>:<random>`: who holds leases.

    `validator` and `executor` are built when their stage first runs, `scorer` with the first positions: a process
    loads only what its stages need.
    """

    def __init__(
        self,
        records: Records,
        *,
        session: str,
        validator: Callable[[], Validator],
        executor: Callable[[], Executor],
        scorer: Callable[[], Scorer] = Unscored,
        wake: Wake,
        terms: Terms | None = None,
        clock: Clock = time.monotonic,
        observer: Observer = log_what_happens,
    ) -> None:
        self._shared = Shared(records, session, wake, terms or Terms(), clock, observer)
        self._build_validator, self._build_executor, self._build_scorer = validator, executor, scorer

    def validate(self) -> Passed:
        """Judge queued programs until none is left, or for about two seconds."""
        return self._validate.run()

    def execute(self, pool: str) -> list[str]:
        """Run ready jobs of a pool until none is left, or for about two seconds. Returns their ids."""
        return self._execute.run(pool)

    def finalize(self) -> list[str]:
        """Write reports until none waits, or for about two seconds. Returns the ids of the jobs."""
        return self._finalize.run()

    def reconcile(self) -> bool:
        """One round of the reconciler. False: somebody else is it."""
        return self._reconcile.run()

    def close(self) -> None:
        """Remove what the executor holds ready, if it was ever built."""
        if "_execute" in vars(self):
            self._execute.close()

    def warm_up(self) -> None:
        """Build what the first job would wait for."""
        self._execute.warm_up()

    @cached_property
    def _validate(self) -> Validate:
        return Validate(self._shared, self._build_validator())

    @cached_property
    def _execute(self) -> Execute:
        return Execute(self._shared, self._build_executor())

    @cached_property
    def _finalize(self) -> Finalize:
        return Finalize(self._shared, self._build_scorer)

    @cached_property
    def _reconcile(self) -> Reconcile:
        return Reconcile(self._shared)
