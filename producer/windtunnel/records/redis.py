"""The job records: the only code that touches Windtunnel's Redis keys.

Every change of a record's state is one Lua call (`scripts/`), so that two workers, a redelivered message or
a crash between two commands can never leave half a change. May import contract, keyspace and errors.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from typing import Any, Concatenate, ParamSpec, TypeVar, cast
from urllib.parse import urlsplit, urlunsplit

import redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.retry import Retry

from windtunnel.contract import (
    Attempt,
    Batch,
    BatchStatus,
    Event,
    Execution,
    Isolation,
    Job,
    JobState,
    JobStatus,
    Outcome,
    Record,
    Report,
    Sample,
    Verdict,
)
from windtunnel.errors import IdempotencyConflict, NotFound, QueueFull, StoreUnavailable
from windtunnel.keyspace import (
    MAX_ATTEMPTS_KEPT,
    MAX_BATCHES_LISTED,
    MAX_SAMPLES,
    Keyspace,
    batch_of,
    job_id,
)

GRACE_MS = 60_000
"""How long a job may wait for its next stage before the reconciler looks whether its message was lost."""
PIPELINE_JOBS = 500
SECONDS_A_WAITING_JOB = 0.05
"""For the hint in `QueueFull`: what a full queue needs to drain by one job, at twenty jobs a second."""

P = ParamSpec("P")
R = TypeVar("R")


def masked(url: str) -> str:
    """The URL without its password, for messages."""
    parts = urlsplit(url)
    query = re.sub(r"(?<=password=)[^&]*", "***", parts.query)
    credentials, at, host = parts.netloc.rpartition("@")
    if at:
        host = f"{credentials.partition(':')[0]}:***@{host}"
    return urlunsplit(parts._replace(netloc=host, query=query))


def _connect(url: str, retries: int) -> redis.Redis:
    """A client with a deadline on every wait."""
    network = {} if url.startswith("unix:") else {"socket_connect_timeout": 5, "socket_keepalive": True}
    return redis.Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=30,
        health_check_interval=25,
        retry=Retry(ExponentialWithJitterBackoff(cap=2, base=0.1), retries),
        **network,
    )


def _answered(
    method: Callable[Concatenate[Store, P], R],
) -> Callable[Concatenate[Store, P], R]:
    """Turn redis-py's connection errors into ours."""

    @functools.wraps(method)
    def call(self: Store, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(self, *args, **kwargs)
        except redis.OutOfMemoryError as error:
            raise StoreUnavailable(
                f"Redis at {masked(self.url)} is out of memory.",
                remedy="Nothing more is stored until jobs expire (WINDTUNNEL_RETENTION_S) or maxmemory is raised.",
            ) from error
        except redis.ResponseError as error:
            if "MISCONF" not in str(error):
                raise
            raise StoreUnavailable(
                f"Redis at {masked(self.url)} cannot write to its disk, so it stores nothing more.",
                remedy="Free space on that disk or mend its permissions; what is stored stays. Redis's log says more.",
            ) from error
        except (redis.ConnectionError, redis.TimeoutError, redis.BusyLoadingError) as error:
            raise StoreUnavailable(
                f"Redis at {masked(self.url)} does not answer: {str(error).removesuffix('.')}.",
                remedy="Start it (`windtunnel up` runs a private one) or set WINDTUNNEL_REDIS_URL.",
            ) from error

    return cast("Callable[Concatenate[Store, P], R]", call)


@dataclass(frozen=True)
class Claim:
    """What `claim` found. `job` is there only where this caller now holds the lease of `attempt`."""

    attempt: int = 0
    job: Job | None = None
    isolation: Isolation = Isolation.CONTAINER
    executed: bool = False
    """The attempt has run and only waits to be finalized."""
    exhausted: bool = False
    """Every attempt of the round died with its worker."""
    held_s: float = 0.0
    """Seconds until the lease of another worker runs out, if that does not renew it."""


@dataclass(frozen=True)
class Waiting:
    """A job that waits for a stage, with what was submitted."""

    job_id: str
    job: Job
    isolation: Isolation
    attempt: int
    rejected: bool
    """Validation found it unsafe; it waits for its report."""


def _time(ms: str | int) -> datetime:
    return datetime.fromtimestamp(int(ms) / 1000, UTC)


class Store:
    """Job records in one Redis. Cheap to build: it connects when first used.

    `retries` is how often a command is sent again while Redis does not answer, with a pause of up to 2 s.
    """

    def __init__(self, url: str, *, key_prefix: str = "wt", retention_s: int = 7 * 86_400, retries: int = 3) -> None:
        self.url = url
        self.keys = Keyspace(key_prefix)
        self._retention_s = retention_s
        self._redis = _connect(url, retries)
        self._scripts = {
            script.name.removesuffix(".lua"): self._redis.register_script(script.read_text())
            for script in resources.files("windtunnel.records").joinpath("scripts").iterdir()
            if script.name.endswith(".lua")
        }

    def close(self) -> None:
        """Give the connections back."""
        self._redis.close()

    def _run(self, script: str, keys: Sequence[str], *args: Any, pipe: Any = None) -> Any:
        return self._scripts[script](keys=keys, args=args, client=pipe)

    @_answered
    def ping(self) -> str:
        """The server's version; `StoreUnavailable` if it does not answer."""
        return str(self._redis.info("server")["redis_version"])

    # -- submitting ----------------------------------------------------------------------------------

    @_answered
    def open_batch(self, batch_id: str, batch: Batch, kind: str, idempotency_key: str | None, bound: int) -> str:
        """Write the header and reserve the key. Returns the batch id, an earlier one for a known key."""
        keys = [self.keys.batch(batch_id), self.keys.batches, self.keys.open]
        if idempotency_key is not None:
            keys.append(self.keys.idempotency(kind, idempotency_key))
        answer, detail = self._run(
            "open_batch",
            keys,
            batch_id,
            batch.name,
            len(batch.jobs),
            batch.digest,
            bound,
            self._retention_s,
            MAX_BATCHES_LISTED,
        )
        if answer == "conflict":
            raise IdempotencyConflict("idempotency_key", str(idempotency_key), detail)
        if answer == "full":
            raise QueueFull(int(detail), bound, max(1.0, len(batch.jobs) * SECONDS_A_WAITING_JOB))
        return str(detail)

    @_answered
    def write_jobs(self, batch_id: str, batch: Batch) -> None:
        """Write the records that are not there yet."""
        for start in range(0, len(batch.jobs), PIPELINE_JOBS):
            with self._redis.pipeline(transaction=False) as pipe:
                for index, job in enumerate(batch.jobs[start : start + PIPELINE_JOBS], start):
                    name = job_id(batch_id, index)
                    keys = [self.keys.job(name), self.keys.open]
                    spec = job.model_dump_json()
                    args = (name, spec, batch.isolation.value, self._retention_s, GRACE_MS)
                    self._run("write_job", keys, *args, pipe=pipe)
                pipe.execute()

    @_answered
    def is_published(self, batch_id: str) -> bool:
        """True when every message of the batch has been published."""
        return self._redis.hget(self.keys.batch(batch_id), "published") == "1"

    @_answered
    def mark(self, batch_id: str, step: str) -> None:
        """Note that the producer has come this far: `written` or `published`."""
        self._redis.hset(self.keys.batch(batch_id), step, "1")

    # -- the stages ----------------------------------------------------------------------------------

    @_answered
    def waiting(self, state: JobState, ids: Sequence[str]) -> list[Waiting]:
        """Those of the jobs that stand in this state."""
        with self._redis.pipeline(transaction=False) as pipe:
            for name in ids:
                pipe.hmget(self.keys.job(name), "state", "spec", "isolation", "attempt", "outcome")
            answers = pipe.execute()
        return [
            Waiting(
                name, Job.model_validate_json(spec), Isolation(isolation), int(attempt), outcome == Outcome.REJECTED
            )
            for name, (current, spec, isolation, attempt, outcome) in zip(ids, answers, strict=True)
            if current == state
        ]

    @_answered
    def record_verdicts(self, verdicts: Sequence[tuple[str, Verdict]]) -> list[tuple[str, int]]:
        """Record verdicts of queued jobs. Returns id and attempt of those recorded now."""
        with self._redis.pipeline(transaction=False) as pipe:
            for name, verdict in verdicts:
                self._run(
                    "verdict",
                    [self.keys.job(name), self.keys.open],
                    name,
                    verdict.model_dump_json(),
                    int(verdict.safe),
                    round(verdict.duration_ms),
                    GRACE_MS,
                    self._retention_s,
                    pipe=pipe,
                )
            attempts = pipe.execute()
        return [(name, n) for (name, _), n in zip(verdicts, attempts, strict=True) if n >= 0]

    @_answered
    def verdict(self, name: str) -> Verdict | None:
        """The verdict on record."""
        text = self._redis.hget(self.keys.job(name), "validation")
        return Verdict.model_validate_json(str(text)) if text else None

    @_answered
    def claim(self, name: str, owner: str, lease_s: float, max_attempts: int) -> Claim | None:
        """Take the lease of the job's next attempt; None if it is not to be had."""
        answer = self._run(
            "claim",
            [self.keys.job(name), self.keys.open, self.keys.attempts(name)],
            name,
            owner,
            round(lease_s * 1000),
            max_attempts,
            MAX_ATTEMPTS_KEPT,
            self._retention_s,
        )
        match answer[0]:
            case "claimed":
                return Claim(int(answer[1]), Job.model_validate_json(answer[2]), Isolation(answer[3]))
            case "executed":
                return Claim(int(answer[1]), executed=True)
            case "exhausted":
                return Claim(int(answer[1]), exhausted=True)
            case "held":
                return Claim(held_s=int(answer[1]) / 1000)
            case _:
                return None

    @_answered
    def heartbeat(self, name: str, attempt: int, lease_s: float) -> bool:
        """Renew the lease. False: the attempt is no longer the current one and must stop."""
        keys = [self.keys.job(name), self.keys.open]
        return bool(self._run("heartbeat", keys, name, attempt, round(lease_s * 1000), self._retention_s))

    @_answered
    def is_running(self, name: str, attempt: int) -> bool:
        """True while this attempt's program may still run."""
        fields = self._redis.hmget(self.keys.job(name), "state", "attempt", "executed_at")
        return fields == [JobState.RUNNING, str(attempt), None]

    @_answered
    def record_execution(self, name: str, execution: Execution) -> bool:
        """Record what an attempt did. False: the attempt is no longer the current one."""
        keys = [self.keys.job(name), self.keys.open]
        text, outcome = execution.model_dump_json(), execution.outcome.value
        args = (name, execution.attempt, text, outcome, GRACE_MS, self._retention_s)
        return bool(self._run("executed", keys, *args))

    @_answered
    def release(self, name: str, summary: Attempt, max_attempts: int) -> bool:
        """Give the job back after a fault of ours. False: no attempt is left in this round."""
        return bool(
            self._run(
                "release",
                [self.keys.job(name), self.keys.attempts(name), self.keys.open],
                name,
                summary.number,
                summary.model_dump_json(),
                max_attempts,
                MAX_ATTEMPTS_KEPT,
                self._retention_s,
                GRACE_MS,
            )
        )

    @_answered
    def add_samples(self, name: str, attempt: int, samples: Iterable[Sample]) -> None:
        """Append readings of a running attempt."""
        key = self.keys.samples(name, attempt)
        with self._redis.pipeline(transaction=False) as pipe:
            for sample in samples:
                fields = cast("dict[Any, Any]", sample.model_dump())
                pipe.xadd(key, fields, maxlen=MAX_SAMPLES, approximate=True)
            pipe.expire(key, self._retention_s)
            pipe.execute()

    @_answered
    def samples(self, name: str, attempt: int) -> list[Sample]:
        """The readings of an attempt, oldest first."""
        entries = cast("list[Any]", self._redis.xrange(self.keys.samples(name, attempt)))
        return [Sample.model_validate(fields) for _, fields in entries]

    @_answered
    def finish(self, report: Report, summary: Attempt) -> bool:
        """Write the final report and count it. False: it was written before, or the attempt is over."""
        name, batch = report.job_id, report.batch_id
        keys = [
            self.keys.job(name),
            self.keys.batch(batch),
            self.keys.events(batch),
            self.keys.open,
            self.keys.attempts(name),
        ]
        return bool(
            self._run(
                "finish",
                keys,
                name,
                summary.number,
                report.outcome.value,
                report.model_dump_json(),
                summary.model_dump_json(),
                self._retention_s,
            )
        )

    @_answered
    def retry(self, name: str, outcomes: Iterable[Outcome]) -> bool:
        """Queue a finished job again. False: it is not finished, or ended in none of these outcomes."""
        batch = batch_of(name)
        keys = [
            self.keys.job(name),
            self.keys.batch(batch),
            self.keys.events(batch),
            self.keys.open,
            self.keys.attempts(name),
        ]
        args = (name, MAX_ATTEMPTS_KEPT, self._retention_s, GRACE_MS, *outcomes)
        return bool(self._run("retry", keys, *args))

    # -- reading -------------------------------------------------------------------------------------

    @_answered
    def record(self, name: str) -> Record:
        """The whole record; `NotFound` if there is none."""
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.hgetall(self.keys.job(name))
            pipe.lrange(self.keys.attempts(name), 0, -1)
            pipe.time()
            fields, attempts, (seconds, microseconds) = pipe.execute()
        if not fields:
            raise _unknown("job", name)
        verdict, execution = fields.get("validation"), fields.get("execution")
        return Record(
            job_id=name,
            job=Job.model_validate_json(fields["spec"]),
            state=JobState(fields["state"]),
            attempt=int(fields["attempt"]),
            times={key: _time(value) for key, value in fields.items() if key.endswith("_at")},
            now=_time(seconds * 1000 + microseconds // 1000),
            verdict=Verdict.model_validate_json(verdict) if verdict else None,
            execution=Execution.model_validate_json(execution) if execution else None,
            attempts=tuple(Attempt.model_validate_json(text) for text in attempts),
        )

    @_answered
    def report(self, name: str) -> Report:
        """The final report; `NotFound` if there is none (yet)."""
        state, text = cast("list[str | None]", self._redis.hmget(self.keys.job(name), "state", "report"))
        if state is None:
            raise _unknown("job", name)
        if text is None:
            raise NotFound(f"Job {name} is {state}; it has no report yet.", remedy="Wait for it.")
        return Report.model_validate_json(text)

    @_answered
    def job_statuses(self, ids: Sequence[str]) -> list[JobStatus]:
        """Where these jobs stand; `NotFound` names the first that is unknown."""
        with self._redis.pipeline(transaction=False) as pipe:
            for name in ids:
                pipe.hmget(self.keys.job(name), "state", "attempt", "outcome", "spec")
            answers = pipe.execute()
        statuses = []
        for name, (state, attempt, outcome, spec) in zip(ids, answers, strict=True):
            if state is None:
                raise _unknown("job", name)
            statuses.append(
                JobStatus(
                    job_id=name,
                    batch_id=batch_of(name),
                    name=json.loads(spec)["name"],
                    state=state,
                    attempt=attempt,
                    outcome=outcome if state == JobState.FINISHED else None,
                )
            )
        return statuses

    @_answered
    def batch_status(self, batch_id: str) -> BatchStatus:
        """Where a batch stands; `NotFound` if there is none."""
        fields = cast("dict[str, str]", self._redis.hgetall(self.keys.batch(batch_id)))
        if not fields:
            raise _unknown("batch", batch_id)
        return BatchStatus(
            batch_id=batch_id,
            name=fields["name"],
            total=int(fields["total"]),
            finished=int(fields["finished"]),
            outcomes={outcome: count for outcome in Outcome if (count := int(fields.get(f"outcome:{outcome}", 0)))},
            submitted_at=_time(fields["submitted_at"]),
            finished_at=_time(fields["finished_at"]) if "finished_at" in fields else None,
        )

    @_answered
    def batch_ids(self, count: int) -> list[str]:
        """The newest batches, newest first."""
        return cast("list[str]", self._redis.zrevrange(self.keys.batches, 0, count - 1))

    @_answered
    def last_event(self, batch_id: str) -> str:
        """Id of the newest event, `0` if there is none."""
        newest = cast("list[Any]", self._redis.xrevrange(self.keys.events(batch_id), count=1))
        return str(newest[0][0]) if newest else "0"

    @_answered
    def events(self, batch_id: str, after: str, block_s: float) -> Iterator[Event]:
        """Events after an id, oldest first; waits up to `block_s` seconds for the first one."""
        answer = cast(
            "list[Any] | dict[str, Any] | None",
            self._redis.xread({self.keys.events(batch_id): after}, count=1000, block=max(1, round(block_s * 1000))),
        )
        entries = answer[0][1] if isinstance(answer, list) and answer else []
        return iter([Event(id=entry, **fields) for entry, fields in entries])


def _unknown(what: str, name: str) -> NotFound:
    return NotFound(f"There is no {what} {name}.", remedy="Its id may be mistyped or its lifetime over.")
