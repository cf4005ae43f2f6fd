"""The interfaces of those that the pipeline works with, and its simplest observers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol

from windtunnel.contract import Execution, JobSpec, LookAhead, Score, Verdict
from windtunnel.records import Records
from windtunnel.wake import Wake
from windtunnel_worker.pipeline.terms import Terms
from windtunnel_worker.sandbox.assignment import Assignment, Hooks

log = logging.getLogger("windtunnel")

Clock = Callable[[], float]
"""Seconds that never step back."""


class Validator(Protocol):
    """Judges programs."""

    def policy_id(self, language: str, libraries: Collection[str] = ()) -> str:
        """What a verdict on this language depends on, other than the program."""

    def validate_code(self, code: str, language: str, libraries: Collection[str] = ()) -> Verdict:
        """Judge a program; never raises for what it contains. `libraries`: modules that its image adds."""


class Executor(Protocol):
    """Executes attempts in sandboxes."""

    def execute(self, assignment: Assignment, hooks: Hooks) -> Execution:
        """Run one attempt; raises `Superseded` when a hook says that it is no longer the current one."""

    def warm_up(self) -> None:
        """Prepare a sandbox before the first job arrives."""

    def rest(self) -> None:
        """Prepare for the next batch, as there is nothing to do."""

    def close(self) -> None:
        """Remove the sandboxes that are ready."""


@dataclass(frozen=True)
class Scored:
    """What came of the positions that a program returned."""

    positions_sha256: str = ""
    score: Score | None = None
    look_ahead: LookAhead | None = None
    refusal: str = ""
    """Why they cannot be scored, for the program's author."""
    fault: str = ""
    """Why there are no prices to score them on."""


NOT_SCORED = Scored()


class Scorer(Protocol):
    """Scores positions on prices that no program could touch."""

    def score(self, spec: JobSpec, execution: Execution) -> Scored:
        """Score what was returned. Raises `FileStoreUnavailable` or `ObjectUnusable` where there are no prices."""


class Unscored:
    """The scorer where there are no prices: nothing is scored."""

    def score(self, spec: JobSpec, execution: Execution) -> Scored:  # noqa: ARG002 - the protocol's
        """Give no score."""
        return NOT_SCORED


class Observer(Protocol):
    """Receives what happens, for logs, metrics and traces. An event about a finished job has its `report`."""

    def __call__(self, what: str, job_id: str = "", **facts: object) -> None:
        """Something happened, in general or to a job."""


@dataclass(frozen=True)
class Shared:
    """What all stages of a process work with."""

    records: Records
    session: str
    """Who holds leases: `<host>:<pid>:<random>`."""
    wake: Wake
    terms: Terms
    clock: Clock
    observe: Observer

    @property
    def host(self) -> str:
        """The host of this process."""
        return self.session.partition(":")[0]


def all_of(*observers: Observer) -> Observer:
    """An observer that passes everything on to several."""

    def tell(what: str, job_id: str = "", **facts: object) -> None:
        for observer in observers:
            observer(what, job_id, **facts)

    return tell


def log_what_happens(what: str, job_id: str = "", **facts: object) -> None:
    """The observer that writes to the log; what happens to every job, only at level DEBUG."""
    facts.pop("report", None)  # it holds what a program wrote
    level = logging.DEBUG if what in ("validated", "executed") else logging.INFO
    if not log.isEnabledFor(level):
        return
    log.log(
        level,
        "action=%s job=%s %s",
        what,
        job_id or "-",
        " ".join(f"{name}={value}" for name, value in facts.items()),
        extra={"action": what, "job_id": job_id, **{f"wt_{name}": value for name, value in facts.items()}},
    )
