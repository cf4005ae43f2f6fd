"""The status of jobs, batches, hosts and the queue, and the events of a batch."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field, JsonValue

from windtunnel.contract.base import Contract
from windtunnel.contract.execution import Outcome
from windtunnel.contract.job import Budget


class JobState(StrEnum):
    """The state of a job. A fault of the machinery or a retry sets it back, as its history shows."""

    QUEUED = "queued"
    """Stored; it waits for validation."""
    READY = "ready"
    """Validation passed it; it waits in the schedule for a slot."""
    RUNNING = "running"
    """A slot holds it under the current attempt's fencing token."""
    ENDED = "ended"
    """It has run, or will not run; it waits for its report."""
    FINISHED = "finished"
    """The report is final."""


class Transition(Contract):
    """One change of a job's state, from its history."""

    at: datetime
    what: str
    """`submitted`, `validated`, `cached`, `claimed`, `given_back`, `fault`, `recovered`, `executed`, `advanced`,
    `cancelled`, `retried`, `abandoned`, `unservable` or `finished`."""
    who: str
    """A client, a worker's session (`<host>:<pid>:<random>`), or the reconciler."""
    detail: str = ""


class JobStatus(Contract):
    """The status of one job."""

    job_id: str
    batch_id: str
    name: str
    state: JobState
    attempt: int
    """Attempts begun so far."""
    outcome: Outcome | None = None
    stage: int = 1
    """The stage of a cascade it has reached, from 1; the last one is the run on all of its data."""
    stages: int = 1


class JobSummary(JobStatus):
    """The status of one job and the main figures of its report; never what its program printed."""

    params: dict[str, JsonValue] = Field(default_factory=dict)
    labels: dict[str, str] = Field(default_factory=dict)
    message: str = ""
    """The first characters of the report's message."""
    duration_s: float | None = None
    """Wall-clock seconds that the program ran."""
    memory_mb_peak: float | None = None
    sharpe: float | None = None
    """This and the next two are computed by Windtunnel, never taken from the program."""
    total_return: float | None = None
    max_drawdown: float | None = None
    cached_from: str = ""
    """The job whose result this is, if it came from the cache."""


class QueueStats(Contract):
    """The state of the whole queue."""

    ready: int
    """Jobs that wait for a slot."""
    running: int
    waiting: tuple[Waiting, ...] = ()
    """Jobs that wait for validation or for a slot, by owner and priority."""
    owners: tuple[OwnerUse, ...] = ()
    """Who uses the slots: the owners that have used the most so far, at most 100."""
    ending: int = 0
    """Jobs that have ended and wait for their report."""
    following: int = 0
    """Jobs that wait for the result of an equal job."""
    unfinished: int = 0
    """All jobs without a report."""
    oldest_s: float | None = None
    """Seconds since the oldest unfinished batch was submitted; None if nothing is unfinished."""
    outcomes: dict[Outcome, int] = Field(default_factory=dict)
    """Reports written so far."""


class Waiting(Contract):
    """Jobs of one owner that wait in one priority class."""

    owner: str
    priority: int
    jobs: int


class OwnerUse(Contract):
    """What one owner uses of the slots."""

    owner: str
    running: int
    slot_seconds: float
    """Slot-seconds used so far by the attempts that have ended."""


class BatchStatus(Contract):
    """The status of a batch."""

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
    """Who cancelled it; `budget …` if its own budget ended it."""
    budget: Budget | None = None
    slot_seconds: float = 0.0
    """Slot-seconds used by the attempts that have ended."""

    @property
    def done(self) -> bool:
        """True when every job has its report."""
        return self.finished == self.total


class HostStatus(Contract):
    """One execution host, as it last described itself."""

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
    """Who drains it; empty if nobody does."""
    paused: str = ""
    """Why it has paused itself; empty if it has not."""
    versions: str = ""

    @property
    def takes_work(self) -> bool:
        """True if it claims jobs now."""
        return self.live and not self.draining and not self.paused


class DeadLetter(Contract):
    """A message that no worker could read, or a webhook that could not be delivered."""

    at: datetime
    queue: str
    reason: str
    body: str
    """Its first characters."""
    event: str = ""
    """The id of a webhook, which `Client.resend_webhooks` sends again."""


class EventKind(StrEnum):
    """The kinds of events of a batch."""

    FINISHED = "finished"
    RETRIED = "retried"
    BATCH_FINISHED = "batch_finished"


class Event(Contract):
    """One event of a batch; pass its `id` to `Client.stream` to resume after it."""

    id: str
    batch_id: str = ""
    kind: EventKind
    job_id: str | None = None
    outcome: Outcome | None = None
    finished: int
    """Jobs of the batch with a report when the event was written."""
    total: int
