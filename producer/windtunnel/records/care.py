"""What the reconciler does to the records, and the messages that nobody could read."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from windtunnel.contract import DeadLetter
from windtunnel.errors import UnreadableRecord
from windtunnel.keyspace import MAX_ATTEMPTS_KEPT, MAX_DEAD_LETTERS
from windtunnel.records.codec import as_text, decode, encode
from windtunnel.records.connection import Connection

JOBS_AT_ONCE = 1000
LETTER_CHARACTERS = 500


@dataclass(frozen=True)
class QueueState:
    """A stage queue: what waits in it, and what would wake its workers."""

    name: str
    waiting: int
    slots: int
    messages: int


@dataclass(frozen=True)
class Unservable:
    """A lane whose jobs need something that no live host has."""

    queue: str
    priority: str
    owner: str
    batch: str
    lane: str
    missing: str


@dataclass(frozen=True)
class Round:
    """What one round of the reconciler did and found."""

    recovered: int
    """Jobs taken back from sessions that went silent."""
    lost: int
    """Those of them that had no attempt left."""
    queues: tuple[QueueState, ...]
    ended: int
    """Jobs that have waited for their report for more than a second."""
    finalize_messages: int
    abandoned: tuple[str, ...]
    """Batches whose producer went away before all was written."""
    unservable: tuple[Unservable, ...]


IDLE = Round(recovered=0, lost=0, queues=(), ended=0, finalize_messages=0, abandoned=(), unservable=())
"""Nothing is unfinished: there was nothing to care for."""


class Care:
    """The reconciler's side of the records."""

    def __init__(self, connection: Connection) -> None:
        self._redis = connection

    def reconcile(
        self, who: str, *, turn_s: float, max_attempts: int, max_faults: int, patience_s: float
    ) -> Round | None:
        """One round; None where somebody else is the reconciler.

        `turn_s` is how long the caller stays the one, `patience_s` how long a job may wait for what no host has.
        """
        answer = self._redis.run(
            "reconcile",
            who,
            round(turn_s * 1000),
            max_attempts,
            MAX_ATTEMPTS_KEPT,
            max_faults,
            round(patience_s * 1000),
        )
        if answer is None:
            return None
        found: dict[str, Any] = json.loads(as_text(answer))
        if "idle" in found:
            return IDLE
        return Round(
            recovered=found["recovered"],
            lost=found["lost"],
            queues=tuple(QueueState(**queue) for queue in found["queues"]),
            ended=found["ended"],
            finalize_messages=found["finalize_messages"],
            abandoned=tuple(found["abandoned"]),
            unservable=tuple(Unservable(**lane) for lane in found["unservable"]),
        )

    def abandon(self, batch_id: str, message: str) -> None:
        """End the jobs of a batch that its producer never wrote."""
        while self._redis.run("abandon", batch_id, message, JOBS_AT_ONCE) > 0:
            pass

    def end_lane(self, lane: Unservable, message: str) -> int:
        """End jobs that no host can serve; returns how many."""
        arguments = (lane.queue, lane.priority, lane.owner, lane.batch, lane.lane, message, JOBS_AT_ONCE)
        count = 0
        while ended := int(self._redis.run("end_lane", *arguments)):
            count += ended
        return count

    def ended_again(self, job_id: str, pause_s: float) -> None:
        """Have somebody look at a job that waits for its report, after a pause by Redis's clock."""
        self._redis.run("ended_again", job_id, round(pause_s * 1000))

    def count_fault(self, job_id: str) -> int:
        """Note an unexpected exception over a job that has ended; returns how many there were since then."""
        return int(self._redis.run("count_fault", job_id))

    def set_aside(self, queue: str, reason: str, body: bytes) -> None:
        """Keep a message that could not be read, among the last thousand."""
        text = as_text(body[:LETTER_CHARACTERS])
        letter = DeadLetter(at=time.time(), queue=queue, reason=reason[:LETTER_CHARACTERS], body=text)
        key = self._redis.keys("dead")
        self._redis.pipeline(
            [
                ("lpush", key, encode(letter)),
                ("ltrim", key, 0, MAX_DEAD_LETTERS - 1),
                ("hincrbyfloat", self._redis.keys("metrics"), "unreadable", 1),
            ]
        )

    def dead_letters(self, count: int = 100) -> list[DeadLetter]:
        """Messages that could not be read, newest first."""
        found = []
        for stored in self._redis.call("lrange", self._redis.keys("dead"), 0, count - 1):
            try:
                found.append(decode(DeadLetter, stored))
            except UnreadableRecord:
                continue
        return found
