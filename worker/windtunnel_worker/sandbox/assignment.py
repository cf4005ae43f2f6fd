"""What the caller of a sandbox gives to it and hears from it. Imports nothing of Docker."""

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
    """Only a cell of this batch may serve it."""


class Stop(StrEnum):
    """Why a running attempt has to end early."""

    SUPERSEDED = "superseded"
    """Another attempt is the current one; whatever this one did does not count."""
    CANCELLED = "cancelled"
    """Somebody cancelled the job."""
    BUDGET = "budget"
    """What the job's owner or batch may spend is spent."""


class Superseded(Exception):
    """The attempt is no longer the current one; whatever it did does not count."""


class RunningSandbox(Protocol):
    """What a hook may know of the sandbox that runs its attempt."""

    id: str
    """The container's id."""
    pid: int
    """Its first process, as the host numbers it."""


@dataclass
class Hooks:
    """What the caller wants to hear, and to say, while an attempt is prepared and runs."""

    started: Callable[[RunningSandbox], None] = lambda _: None
    """The program's first line is about to run."""
    lasting: Callable[[RunningSandbox], None] = lambda _: None
    """The program has run for a tick: it is worth being watched."""
    stop: Callable[[], Stop | None] = lambda: None
    """Asked about every tick, at least once a second. A reason ends the attempt at once."""
    samples: list[Sample] = field(default_factory=list)
    """Grows by a sample a tick."""
