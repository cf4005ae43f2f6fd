"""The right to work on a job, kept alive while its program runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from windtunnel.errors import StoreUnavailable
from windtunnel.records.schedule import Held, Schedule
from windtunnel_worker.pipeline.collaborators import Clock
from windtunnel_worker.sandbox.assignment import Stop

BEAT_S = 1.0
"""Between two heartbeats: a job that is cancelled stops within two seconds."""


@dataclass
class Lease:
    """Renews a session's lease while it works on a job, and learns whether the job must stop."""

    schedule: Schedule
    session: str
    job: Held
    length_s: float
    clock: Clock
    beside: Callable[[], object] = lambda: None
    """Is called with each heartbeat."""

    def __post_init__(self) -> None:
        self._renewed = self._asked = self.clock()

    def stop(self) -> Stop | None:
        """Why the job must stop, if it must. Redis may be away for less than the lease's length."""
        now = self.clock()
        if now - self._asked < BEAT_S:
            return None
        self._asked = now
        try:
            answer = self.schedule.heartbeat(self.session, self.job, self.length_s)
            self.beside()
        except StoreUnavailable:
            return Stop.SUPERSEDED if self.clock() - self._renewed >= self.length_s else None
        self._renewed = now
        return Stop(answer) if answer else None
