"""What a caller gives to the executor: an attempt to execute, and hooks. Does not import Docker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from windtunnel.contract import Isolation, Job, Sample


@dataclass(frozen=True)
class Assignment:
    """One attempt to execute."""

    job_id: str
    attempt: int
    job: Job
    imports: Sequence[str] = ()
    """Modules the program imports, as validation found them."""
    isolation: Isolation = Isolation.CONTAINER
    batch_id: str = ""
    """The batch whose cells may serve it."""


class Stop(StrEnum):
    """Why a running attempt has to end early."""

    SUPERSEDED = "superseded"
    """Another attempt is the current one, and this one no longer counts."""
    CANCELLED = "cancelled"
    """Somebody cancelled the job."""
    BUDGET = "budget"
    """The budget of the job's batch is used up."""


class Superseded(Exception):
    """The attempt is no longer the current one, and its result does not count."""


class RunningSandbox(Protocol):
    """What a hook knows about the sandbox that runs the attempt."""

    id: str
    """The container's id."""
    pid: int
    """Its first process, as the host numbers it."""


@dataclass
class Hooks:
    """Functions of the caller that are called while an attempt is prepared and runs."""

    started: Callable[[RunningSandbox], None] = lambda _: None
    """Called when the program's first line is about to run."""
    lasting: Callable[[RunningSandbox], None] = lambda _: None
    """Called once when the program has run for a tick, and monitoring it is worth while."""
    stop: Callable[[], Stop | None] = lambda: None
    """Called about every tick, at least once a second. A reason ends the attempt at once."""
    samples: list[Sample] = field(default_factory=list)
    """Gets a sample every tick."""
