"""Where jobs and batches stand, and what happened to them. Reads small fields only, never code or reports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from windtunnel.contract import BatchStatus, Event, EventKind, JobSpec, JobState, JobStatus, Outcome, Transition
from windtunnel.errors import InvalidInput, NotFound, UnreadableRecord
from windtunnel.keyspace import batch_of, job_id
from windtunnel.records.codec import decode, decode_history, whole
from windtunnel.records.connection import Connection


class Reading:
    """The readers' side of the records."""

    def __init__(self, connection: Connection) -> None:
        self._redis = connection

    def ping(self) -> str:
        """The server's version; `StoreUnavailable` if it does not answer."""
        found = self._redis.call("info", "server")
        if found.get("redis_mode") == "cluster":
            raise self._redis.unsupported()
        return str(found["redis_version"])

    def clock(self) -> float:
        """The time of Redis, in seconds since the epoch."""
        seconds, microseconds = self._redis.call("time")
        return float(seconds) + float(microseconds) / 1e6

    def durability(self) -> tuple[bool, str]:
        """Whether Redis writes what it acknowledges to its disk, and what it evicts when it is full."""
        found = self._redis.call("info")
        return bool(found.get("aof_enabled")), str(found.get("maxmemory_policy", ""))

    def job_statuses(self, job_ids: Sequence[str]) -> list[JobStatus]:
        """Where these jobs stand; `NotFound` names the first that is unknown."""
        names = ["state", "attempt", "outcome", "spec"]
        answers = self._redis.pipeline([("hmget", self._redis.keys.job(one), names) for one in job_ids])
        return [_status(one, fields) for one, fields in zip(job_ids, answers, strict=True)]

    def history(self, job: str) -> tuple[Transition, ...]:
        """Every transition of a job, oldest first; `NotFound` if there is no such job."""
        text = self._redis.call("hget", self._redis.keys.job(job), "history")
        if text is None:
            raise unknown("job", job)
        return decode_history(text)

    def submitted_in(self, batch_id: str) -> tuple[str, int]:
        """The `traceparent` of the app's span that submitted a batch (empty: none), and the batch's jobs."""
        trace, total = self._redis.call("hmget", self._redis.keys.batch(batch_id), ["trace", "total"])
        return (trace or b"").decode(errors="replace"), whole(total or b"0")

    def batch_status(self, batch_id: str) -> BatchStatus:
        """Where a batch stands; `NotFound` if there is none."""
        return self.batch_statuses([batch_id])[0]

    def batch_statuses(self, batch_ids: Sequence[str]) -> list[BatchStatus]:
        """Where batches stand; `NotFound` names the first that is unknown."""
        answers = self._redis.pipeline([("hgetall", self._redis.keys.batch(one)) for one in batch_ids])
        return [_batch_status(one, fields) for one, fields in zip(batch_ids, answers, strict=True)]

    def batch_ids(self, count: int) -> list[str]:
        """The newest batches, newest first."""
        return [one.decode() for one in self._redis.call("zrevrange", self._redis.keys("batch-list"), 0, count - 1)]

    def last_event(self, batch_id: str) -> str:
        """Id of the newest event, `0` if there is none."""
        newest = self._redis.call("xrevrange", self._redis.keys.events(batch_id), count=1)
        return str(newest[0][0].decode()) if newest else "0"

    def events(self, batch_id: str, after: str, block_s: float) -> list[Event]:
        """Events after an id, oldest first; waits up to `block_s` seconds for the first one."""
        key = self._redis.keys.events(batch_id)
        answer = self._redis.call("xread", {key: after}, count=1000, block=max(1, round(block_s * 1000)))
        if not answer:
            return []
        entries = answer[0][1] if isinstance(answer, list) else next(iter(answer.values()))[0]
        total = int(self._redis.call("hget", self._redis.keys.batch(batch_id), "total") or 0)
        return [_event(batch_id, entry, fields, total) for entry, fields in entries]


def unknown(what: str, name: str) -> NotFound:
    """There is no such job or batch."""
    other = {"job": "batch", "batch": "job"}[what]
    hint = f" This looks like the id of a {other}." if ("-" in name) == (what == "batch") else ""
    return NotFound(f"There is no {what} {name}.{hint}", remedy="Its id may be mistyped or its lifetime over.")


def _time(ms: bytes | str | int) -> datetime:
    return datetime.fromtimestamp(int(ms) / 1000, UTC)


def _status(job: str, fields: list[bytes | None]) -> JobStatus:
    state, attempt, outcome, spec = fields
    if state is None:
        raise unknown("job", job)
    if state.decode(errors="replace") not in tuple(JobState):
        raise UnreadableRecord(f"The state of job {job} is damaged or of a newer version.")
    try:
        name = decode(JobSpec, spec).name
    except UnreadableRecord:
        name = "unreadable"
    return JobStatus(
        job_id=job,
        batch_id=batch_of(job),
        name=name,
        state=state.decode(),
        attempt=whole(attempt),
        outcome=outcome.decode(errors="replace") if outcome and state.decode() == JobState.FINISHED else None,
    )


def _batch_status(batch_id: str, stored: dict[bytes, bytes]) -> BatchStatus:
    if not stored:
        raise unknown("batch", batch_id)
    fields = {name.decode(errors="replace"): value.decode(errors="replace") for name, value in stored.items()}
    try:
        return BatchStatus(
            batch_id=batch_id,
            name=fields["name"],
            owner=fields["owner"],
            total=int(fields["total"]),
            running=int(fields.get("running", 0)),
            finished=int(fields["finished"]),
            outcomes={outcome: count for outcome in Outcome if (count := int(fields.get(f"outcome:{outcome}", 0)))},
            submitted_at=_time(fields["submitted_at"]),
            finished_at=_time(fields["finished_at"]) if "finished_at" in fields else None,
            cancelled_by=fields.get("cancelled"),
        )
    except (KeyError, ValueError, OverflowError, InvalidInput) as error:
        raise NotFound(f"The record of batch {batch_id} is damaged.", remedy="Submit its jobs again.") from error


def _event(batch_id: str, entry: bytes, stored: dict[bytes, bytes], total: int) -> Event:
    fields: dict[str, Any] = {name.decode(): value.decode() for name, value in stored.items()}
    return Event(
        id=entry.decode(),
        kind=EventKind(fields["kind"]),
        job_id=job_id(batch_id, int(fields["index"])) if "index" in fields else None,
        outcome=fields.get("outcome"),
        finished=int(fields["finished"]),
        total=total,
    )
