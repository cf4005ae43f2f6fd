"""Where jobs, batches and hosts stand, and what a batch's event stream tells."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from windtunnel.contract.base import Contract
from windtunnel.contract.execution import Outcome


class JobState(StrEnum):
    """Where a job stands. A fault of the machinery or a retry sets it back; its history says so."""

    QUEUED = "queued"
    """Stored; it waits for validation."""
    READY = "ready"
    """Validation passed it; it waits in the schedule for a slot."""
    RUNNING = "running"
    """A slot holds it under the current attempt's fencing token."""
    ENDED = "ended"
    """It ran, or will not run; it waits for its report."""
    FINISHED = "finished"
    """The report is final."""


class Transition(Contract):
    """One line of a job's history."""

    at: datetime
    what: str
    """`submitted`, `validated`, `claimed`, `given_back`, `fault`, `recovered`, `executed`, `cancelled`, `retried`,
    `abandoned`, `unservable` or `finished`."""
    who: str
    """A client, a worker's session (`<host>:<pid>:<random>`), or the reconciler."""
    detail: str = ""


class JobStatus(Contract):
    """Where one job stands."""

    job_id: str
    batch_id: str
    name: str
    state: JobState
    attempt: int
    """Attempts begun so far."""
    outcome: Outcome | None = None


class BatchStatus(Contract):
    """Where a batch stands."""

    batch_id: str
    name: str
    owner: str = "default"
    total: int
    running: int = 0
    finished: int
    outcomes: dict[Outcome, int] = Field(default_factory=dict)
    submitted_at: datetime
    finished_at: datetime | None = None
    cancelled_by: str | None = None

    @property
    def done(self) -> bool:
        """True when every job has its report."""
        return self.finished == self.total


class HostStatus(Contract):
    """One execution host, as it last said of itself."""

    host: str
    last_seen: datetime
    live: bool
    """It was seen within the last 15 s."""
    slots: int
    busy: int
    """Slots that hold a job now."""
    pools: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    """Images that a job may name."""
    draining: str = ""
    """Who has it take no further work; empty when it takes work."""
    paused: str = ""
    """Why it has paused itself; empty when it has not."""
    versions: str = ""


class DeadLetter(Contract):
    """A message that no worker could read."""

    at: datetime
    queue: str
    reason: str
    body: str
    """Its first characters."""


class EventKind(StrEnum):
    """What a batch's event stream tells."""

    FINISHED = "finished"
    RETRIED = "retried"
    BATCH_FINISHED = "batch_finished"


class Event(Contract):
    """One entry of a batch's event stream; give `id` back to resume after it."""

    id: str
    kind: EventKind
    job_id: str | None = None
    outcome: Outcome | None = None
    finished: int
    """Jobs of the batch with a report when the event was written."""
    total: int
