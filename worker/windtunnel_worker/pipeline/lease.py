"""The right to work on a job, kept alive while its program runs."""

from __future__ import annotations

from windtunnel.errors import StoreUnavailable
from windtunnel.records.schedule import Held, Schedule
from windtunnel_worker.pipeline.collaborators import Clock
from windtunnel_worker.sandbox.assignment import Stop

BEAT_S = 1.0
"""Between two heartbeats: a job that is cancelled stops within two seconds."""


class Lease:
    """Renews a session's lease while it works on a job, and hears whether it is to stop."""

    def __init__(self, schedule: Schedule, session: str, job: Held, length_s: float, clock: Clock) -> None:
        self._schedule, self._session, self._job = schedule, session, job
        self._length_s, self._clock = length_s, clock
        self._renewed = self._asked = clock()

    def stop(self) -> Stop | None:
        """Why to stop. Redis may be away for less than the lease's length."""
        now = self._clock()
        if now - self._asked < BEAT_S:
            return None
        self._asked = now
        try:
            answer = self._schedule.heartbeat(self._session, self._job, self._length_s)
        except StoreUnavailable:
            return Stop.SUPERSEDED if self._clock() - self._renewed >= self._length_s else None
        self._renewed = now
        return Stop(answer) if answer else None
