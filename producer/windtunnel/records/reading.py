"""Where jobs and batches stand, and what happened to them. Reads small fields only, never code or reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from windtunnel.contract import BatchStatus, Budget, Event, EventKind, JobSpec, JobState, JobStatus, Outcome, Transition
from windtunnel.errors import InvalidInput, NotFound, UnreadableRecord
from windtunnel.keyspace import MAX_BATCHES_LISTED, batch_of, job_id
from windtunnel.records.codec import as_text, decode, decode_history, moment, readable, whole
from windtunnel.records.connection import Connection

EVENTS_AT_ONCE = 1000
BATCHES_AT_ONCE = 500


@dataclass(frozen=True)
class Server:
    """How Redis is set up."""

    append_only: bool
    writes: bool
    """False where its last attempt to write to its disk failed."""
    eviction: str
    """What it removes when it is full."""
    used_bytes: int
    limit_bytes: int
    """0: none."""
    replica: bool


class Reading:
    """The readers' side of the records."""

    def __init__(self, connection: Connection) -> None:
        self._redis = connection

    def ping(self) -> str:
        """The server's version; `StoreUnavailable` if it does not answer."""
        found = self._redis.call("info", "server")
        if found.get("redis_mode") in ("cluster", "sentinel"):
            from windtunnel.records.failures import cluster, sentinel

            raise (cluster if found["redis_mode"] == "cluster" else sentinel)(self._redis.url)
        return str(found["redis_version"])

    def clock(self) -> float:
        """The time of Redis, in seconds since the epoch."""
        seconds, microseconds = self._redis.call("time")
        return float(seconds) + float(microseconds) / 1e6

    def server(self) -> Server:
        """How Redis is set up."""
        found = self._redis.call("info")
        return Server(
            append_only=bool(found.get("aof_enabled")),
            writes={found.get(f"{file}_status", "ok") for file in ("aof_last_write", "rdb_last_bgsave")} == {"ok"},
            eviction=str(found.get("maxmemory_policy", "")),
            used_bytes=int(found.get("used_memory", 0)),
            limit_bytes=int(found.get("maxmemory", 0)),
            replica=found.get("role") == "slave",
        )

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
        return as_text(trace), whole(total or b"0")

    def batch_status(self, batch_id: str) -> BatchStatus:
        """Where a batch stands; `NotFound` if there is none."""
        return self.batch_statuses([batch_id])[0]

    def batch_statuses(self, batch_ids: Sequence[str]) -> list[BatchStatus]:
        """Where batches stand; `NotFound` names the first that is unknown."""
        answers = self._redis.pipeline([("hgetall", self._redis.keys.batch(one)) for one in batch_ids])
        return [_batch_status(one, fields) for one, fields in zip(batch_ids, answers, strict=True)]

    def is_batch(self, batch_id: str) -> bool:
        """True if there is a batch with this id."""
        return bool(self._redis.call("exists", self._redis.keys.batch(batch_id)))

    def batch_ids(self, count: int) -> list[str]:
        """The newest batches, newest first."""
        return self._listed(0, count)

    def batch_ids_of(self, owner: str, count: int) -> list[str]:
        """The newest batches of an owner, newest first, as far as they are among the newest 10,000 of all."""
        found: list[str] = []
        for first in range(0, MAX_BATCHES_LISTED, BATCHES_AT_ONCE):
            ids = self._listed(first, BATCHES_AT_ONCE)
            owners = self._redis.pipeline([("hget", self._redis.keys.batch(one), "owner") for one in ids])
            found += [one for one, of in zip(ids, owners, strict=True) if as_text(of) == owner]
            if len(found) >= count or len(ids) < BATCHES_AT_ONCE:
                break
        return found[:count]

    def _listed(self, first: int, count: int) -> list[str]:
        key = self._redis.keys("batch-list")
        return [as_text(one) for one in self._redis.call("zrevrange", key, first, first + count - 1)]

    def last_event(self, batch_id: str) -> str:
        """Id of the newest event, `0` if there is none."""
        newest = self._redis.call("xrevrange", self._redis.keys.events(batch_id), count=1)
        return str(newest[0][0].decode()) if newest else "0"

    def events(self, after: Mapping[str, str], block_s: float) -> list[Event]:
        """Events of batches, each batch's after an id, oldest first; waits up to `block_s` seconds for one."""
        streams = {self._redis.keys.events(batch_id): last for batch_id, last in after.items()}
        answer = self._redis.call("xread", streams, count=EVENTS_AT_ONCE, block=max(1, round(block_s * 1000)))
        if not answer:
            return []
        found = answer if isinstance(answer, list) else [(key, parts[0]) for key, parts in answer.items()]
        batches = [key.decode().split(":")[2] for key, _ in found]
        totals = self._redis.pipeline([("hget", self._redis.keys.batch(one), "total") for one in batches])
        events = [
            _event(batch_id, entry, fields, whole(total))
            for batch_id, total, (_, entries) in zip(batches, totals, found, strict=True)
            for entry, fields in entries
        ]
        readable_ones = [event for event in events if event is not None]
        if readable_ones:
            return readable_ones
        last = {batch_id: entries[-1][0].decode() for batch_id, (_, entries) in zip(batches, found, strict=True)}
        return self.events({**after, **last}, block_s)  # somebody else wrote these


def unknown(what: str, name: str) -> NotFound:
    """There is no such job or batch."""
    if what == "job" and "-" not in name:
        remedy = f"This looks like the id of a batch, whose first job is {name}-0."
    elif what == "batch" and "-" in name:
        remedy = f"This looks like the id of a job, whose batch is {batch_of(name)}."
    else:
        remedy = (
            "Its id may be mistyped, or its record expired: `windtunnel status` lists the newest batches, and an "
            "archive keeps reports for longer, if there is one."
        )
    return NotFound(f"There is no {what} {name}.", remedy=remedy)


def _time(ms: str) -> datetime:
    found = moment(ms)
    if found is None:
        raise ValueError(ms)
    return found


def spec_of(stored: bytes | None) -> JobSpec:
    """What was submitted, as far as it can be read."""
    try:
        return decode(JobSpec, stored)
    except UnreadableRecord:
        return JobSpec(name="unreadable")


def status_of(job: str, state: bytes | None, attempt: int, outcome: bytes | None, spec: JobSpec) -> JobStatus:
    """Where a job stands, from the fields of its record; `NotFound` if it has none."""
    if state is None:
        raise unknown("job", job)
    if as_text(state) not in tuple(JobState):
        raise UnreadableRecord(f"The state of job {job} is damaged or of a newer version.")
    ended = as_text(outcome) if outcome and state.decode() == JobState.FINISHED else None
    return JobStatus(
        job_id=job,
        batch_id=batch_of(job),
        name=spec.name,
        state=state.decode(),
        attempt=attempt,
        outcome=ended if ended in tuple(Outcome) else None,
        stage=len(spec.passed) + 1,
        stages=len(spec.stages) + 1,
    )


def _status(job: str, fields: list[bytes | None]) -> JobStatus:
    state, attempt, outcome, spec = fields
    return status_of(job, state, whole(attempt), outcome, spec_of(spec))


def _batch_status(batch_id: str, stored: dict[bytes, bytes]) -> BatchStatus:
    if not stored:
        raise unknown("batch", batch_id)
    fields = {as_text(name): as_text(value) for name, value in stored.items()}
    try:
        return BatchStatus(
            batch_id=batch_id,
            name=fields["name"],
            owner=fields["owner"],
            total=int(fields["total"]),
            running=whole(stored.get(b"running")),
            finished=int(fields["finished"]),
            outcomes={
                outcome: count for outcome in Outcome if (count := whole(stored.get(f"outcome:{outcome}".encode())))
            },
            submitted_at=_time(fields["submitted_at"]),
            finished_at=_time(fields["finished_at"]) if "finished_at" in fields else None,
            cancelled_by=fields.get("cancelled"),
            budget=readable(Budget, stored.get(b"budget")),
            slot_seconds=round(float(fields.get("spent", 0)), 3),
        )
    except (KeyError, ValueError, OverflowError, InvalidInput) as error:
        raise NotFound(f"The record of batch {batch_id} is damaged.", remedy="Submit its jobs again.") from error


def _event(batch_id: str, entry: bytes, stored: dict[bytes, bytes], total: int) -> Event | None:
    """An entry of a batch's stream; None for one that Windtunnel did not write."""
    try:
        fields: dict[str, Any] = {name.decode(): value.decode() for name, value in stored.items()}
        return Event(
            id=entry.decode(),
            batch_id=batch_id,
            kind=EventKind(fields["kind"]),
            job_id=job_id(batch_id, int(fields["index"])) if "index" in fields else None,
            outcome=fields.get("outcome"),
            finished=int(fields["finished"]),
            total=total,
        )
    except (KeyError, ValueError, InvalidInput):
        return None
