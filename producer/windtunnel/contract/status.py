"""Where jobs, batches and hosts stand, and what a batch's event stream tells."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from windtunnel.contract.base import Contract
from windtunnel.contract.execution import Outcome


class JobState(StrEnum):
    """Where a job stands. It moves forward only, until a retry sets it back to queued."""

    QUEUED = "queued"
    """Stored; its validation message is published or about to be."""
    VALIDATED = "validated"
    """The verdict is recorded; it waits for a slot, or for finalize if it was rejected."""
    RUNNING = "running"
    """A slot holds the lease of the current attempt."""
    FINISHED = "finished"
    """The report is final."""


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
    total: int
    finished: int
    outcomes: dict[Outcome, int] = Field(default_factory=dict)
    submitted_at: datetime
    finished_at: datetime | None = None

    @property
    def done(self) -> bool:
        """True when every job has its report."""
        return self.finished == self.total


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
