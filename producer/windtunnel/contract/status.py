"""Where jobs, batches and hosts stand, and what a batch's event stream tells."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field, JsonValue

from windtunnel.contract.base import Contract
from windtunnel.contract.execution import Outcome
from windtunnel.contract.job import Budget


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
    """`submitted`, `validated`, `cached`, `claimed`, `given_back`, `fault`, `recovered`, `executed`, `advanced`,
    `cancelled`, `retried`, `abandoned`, `unservable` or `finished`."""
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
    stage: int = 1
    """The stage of a cascade that it has reached, from 1; the last one is the run on all of its data."""
    stages: int = 1


class JobSummary(JobStatus):
    """Where one job stands, and the figures of its report; never what its program printed."""

    params: dict[str, JsonValue] = Field(default_factory=dict)
    labels: dict[str, str] = Field(default_factory=dict)
    message: str = ""
    """The first characters of the report's message."""
    duration_s: float | None = None
    """Wall-clock seconds that the program ran."""
    memory_mb_peak: float | None = None
    sharpe: float | None = None
    """Of the score, as the next ones: what Windtunnel computed, never what a program says."""
    total_return: float | None = None
    max_drawdown: float | None = None
    cached_from: str = ""
    """The job whose result this is, where it did not run itself."""


class QueueStats(Contract):
    """What the whole queue holds."""

    ready: int
    """Jobs that wait for a slot."""
    running: int
    waiting: tuple[Waiting, ...] = ()
    """Jobs that wait for validation or for a slot, by owner and priority."""
    ending: int = 0
    """Jobs that have their end and wait for their report."""
    following: int = 0
    """Jobs that wait for the result of an equal one that is under way."""
    unfinished: int = 0
    """All jobs without a report."""
    oldest_s: float | None = None
    """Seconds since the oldest unfinished batch was submitted; None where nothing is unfinished."""
    outcomes: dict[Outcome, int] = Field(default_factory=dict)
    """Reports written so far."""


class Waiting(Contract):
    """Jobs of one owner that wait in one priority class."""

    owner: str
    priority: int
    jobs: int


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
    """Who cancelled it; `budget …` where its own budget ended it."""
    budget: Budget | None = None
    slot_seconds: float = 0.0
    """What its attempts have used of slots, as far as they have ended."""

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
    batch_id: str = ""
    kind: EventKind
    job_id: str | None = None
    outcome: Outcome | None = None
    finished: int
    """Jobs of the batch with a report when the event was written."""
    total: int
