"""Who may work on what: claims with leases and fencing tokens, verdicts, executions. Each change is one script."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass

from windtunnel.contract import Attempt, Execution, Isolation, JobSpec, Verdict
from windtunnel.errors import NewerRecord, UnreadableRecord
from windtunnel.keyspace import MAX_ATTEMPTS_KEPT
from windtunnel.records.codec import as_text, decode, encode, unpack, whole
from windtunnel.records.connection import Connection

VALIDATE = "validate"
UNREPEATABLE = ("repeat.clock", "repeat.unseeded")
"""Findings of programs whose results are never answered from the cache."""
CLAIM_S = 0.5
"""About how much work a claim of a cell's jobs holds: others wait at most that long."""
PLACES_LOOKED_AT = 200
"""Owners, batches and lanes that one claim looks at before it gives up; half of what is left for each owner."""


def repeatable(verdict: Verdict) -> bool:
    """True where the program gives the same result each time, as far as validation can tell: of Python it can."""
    return verdict.language == "python" and not any(issue.rule in UNREPEATABLE for issue in verdict.issues)


def ready_queue(pool: str) -> str:
    """The queue of the schedule with a pool's ready jobs; its tickets are in another (`wake.ticket_queue`)."""
    return f"execute.{pool}"


@dataclass(frozen=True)
class Held:
    """A job that a session may work on, under its fencing token."""

    job_id: str
    token: str
    stored_spec: bytes
    program: str
    """`<sha256>:<language>`"""
    policy: str
    """Whose verdict counts; empty before validation."""

    @property
    def attempt(self) -> int:
        """Number of the attempt, from 1."""
        return int(self.token.partition("-")[0])

    @property
    def spec(self) -> JobSpec:
        """What was submitted; `UnreadableRecord` if it cannot be read."""
        return decode(JobSpec, self.stored_spec)


@dataclass(frozen=True)
class Claimed:
    """Jobs of one batch that a session holds now."""

    batch_id: str
    lane: str
    isolation: Isolation
    jobs: tuple[Held, ...]


@dataclass(frozen=True)
class Turn:
    """What a session did last: its claims go on with a cell's batch until they held enough work of it."""

    batch_id: str = ""
    worked_s: float = 0.0

    def after(self, claimed: Claimed, worked_s: float) -> Turn:
        """The turn after these jobs, which took so many seconds without the wait for a sandbox."""
        if claimed.isolation is not Isolation.CELL:
            return Turn()
        goes_on = claimed.batch_id == self.batch_id and self.worked_s < CLAIM_S
        return Turn(claimed.batch_id, (self.worked_s if goes_on else 0.0) + worked_s)


@dataclass(frozen=True)
class Nothing:
    """Nothing was claimed: there is nothing that this host can do, or it does not take work."""

    reason: str = "none"
    """`none`, `draining` or `paused`."""


@dataclass(frozen=True)
class Recorded:
    """What `executed` answered."""

    recorded: bool
    """False: the attempt is no longer the current one."""
    wake: bool
    """Somebody must be woken to write reports."""
    next_stop: str
    """Why the next job must not begin; empty: it has begun."""
    suspect: str
    """Another host, where the job failed before, and what failed there: `<host> <what failed>`."""


def claim_arguments(
    queue: str, session: str, *, lease_s: float, most: int, work_s: float = CLAIM_S, turn: Turn
) -> tuple[str | int, ...]:
    """What the script `claim` is called with."""
    times = round(lease_s * 1000), most, round(work_s * 1000)
    return queue, session, secrets.token_hex(4), *times, PLACES_LOOKED_AT, turn.batch_id, round(turn.worked_s * 1000)


class Schedule:
    """The workers' side of the records. A session is one process of a worker: `<host>:<pid>:<random>`."""

    def __init__(self, connection: Connection, retention_s: int) -> None:
        self._redis = connection
        self._retention_s = retention_s

    def claim(
        self,
        queue: str,
        session: str,
        *,
        lease_s: float,
        most: int = 1,
        work_s: float = CLAIM_S,
        turn: Turn | None = None,
    ) -> Claimed | Nothing:
        """The next jobs of a queue, with the session's lease on them.

        Up to `most` jobs of one batch: programs to validate, or jobs of a cell that take about `work_s` seconds. With
        `turn` the batch of the last claim goes on as long as the turn lasts.
        """
        status, *rest = self._redis.run(
            "claim", *claim_arguments(queue, session, lease_s=lease_s, most=most, work_s=work_s, turn=turn or Turn())
        )
        if status != b"claimed":
            return Nothing(status.decode())
        # What is damaged is found where it is read; it must not cost its neighbours their claim.
        batch_id, lane, isolation = map(as_text, rest[:3])
        jobs = tuple(
            Held(as_text(job_id), as_text(token), spec, as_text(program), as_text(policy))
            for job_id, token, spec, program, policy in zip(*[iter(rest[3:])] * 5, strict=True)
        )
        known = isolation in tuple(Isolation)
        return Claimed(batch_id, lane, Isolation(isolation) if known else Isolation.CONTAINER, jobs)

    def code(self, sha256: str) -> str:
        """A program's text; `UnreadableRecord` if it is not stored or broken."""
        stored = self._redis.call("get", self._redis.keys.code(sha256))
        if stored is None:
            raise UnreadableRecord("the program is no longer stored")
        try:
            return unpack(stored).decode()
        except UnicodeDecodeError as error:
            raise UnreadableRecord(f"the stored program is not UTF-8: {error.reason}") from error

    def verdict(self, program: str, policy: str) -> Verdict | None:
        """The verdict of a policy on a program, if there is one that can be read; `NewerRecord` as `decode` does."""
        stored = self._redis.call("get", self._redis.keys.verdict(program, policy))
        try:
            return decode(Verdict, stored) if stored is not None else None
        except NewerRecord:
            raise
        except UnreadableRecord:
            return None

    def judged(
        self, claimed: Claimed, session: str, policy: str, verdict: Verdict, *, cached: bool = False
    ) -> tuple[dict[str, int], bool]:
        """Record a verdict on the claimed jobs, which are of one program, and pass them on.

        `cached`: the verdict was stored already. Returns how many became ready by pool, and whether somebody must be
        woken to write reports.
        """
        if not claimed.jobs:
            return {}, False
        program, token = claimed.jobs[0].program, claimed.jobs[0].token
        self._redis.call("set", self._redis.keys.verdict(program, policy), encode(verdict), ex=self._retention_s)
        ids = [job.job_id for job in claimed.jobs]
        standing = (int(verdict.safe), token, int(repeatable(verdict)), "cached" if cached else "new")
        ready, wake = self._redis.run("judged", claimed.batch_id, session, policy, *standing, *ids)
        pools: dict[str, int] = {}
        for pool, count in zip(*[iter(ready)] * 2, strict=True):
            pools[pool.decode()] = pools.get(pool.decode(), 0) + int(count)
        return pools, bool(wake)

    def heartbeat(self, session: str, job: Held, lease_s: float) -> str:
        """Renew the session's lease. Empty to go on, or why to stop: `superseded`, `cancelled`, `budget`."""
        answer = self._redis.run("heartbeat", session, round(lease_s * 1000), job.job_id, job.token)
        return str(answer.decode())

    def executed(
        self, session: str, job: Held, execution: Execution, seconds: float, lease_s: float, following: Held | None
    ) -> Recorded:
        """Record what an attempt did, charge its slot-seconds, and begin the session's next job."""
        recorded, wake, stop, suspect = self._redis.run(
            "executed",
            session,
            job.job_id,
            job.token,
            encode(execution),
            execution.outcome.value,
            round(seconds, 4),
            round(max(0.0, seconds - execution.prepare_s), 4),
            round(lease_s * 1000),
            following.job_id if following else "",
            following.token if following else "",
        )
        return Recorded(bool(recorded), bool(wake), stop.decode(), as_text(suspect))

    def begin(self, session: str, job: Held, lease_s: float) -> str:
        """Begin a job that was claimed with others. Empty, or why it must not begin."""
        answer = self._redis.run(
            "executed", session, "", "", "", "", 0, 0, round(lease_s * 1000), job.job_id, job.token
        )
        return str(answer[2].decode())

    def give_back(self, session: str, jobs: Collection[Held]) -> None:
        """Have jobs that were not begun wait again, in front and in the same order."""
        if jobs:
            words = (word for job in jobs for word in (job.job_id, job.token))
            self._redis.run("give_back", session, 0, "unbegun", *words)

    def postpone(self, session: str, job: Held, pause_s: float, why: str) -> None:
        """Have a job wait again after a pause, as if it had not been claimed."""
        self._redis.run("give_back", session, round(pause_s * 1000), why, job.job_id, job.token)

    def try_again(
        self, session: str, job: Held, summary: Attempt, pause_s: float, max_attempts: int, failed: str = ""
    ) -> bool:
        """After a fault of the machinery: another attempt after a pause. False: no attempt is left.

        `failed` is what failed where only another host's attempt can tell whether it is this host's own fault.
        """
        pause = round(pause_s * 1000)
        arguments = (job.job_id, job.token, max_attempts, MAX_ATTEMPTS_KEPT, encode(summary), pause, failed[:500])
        return bool(self._redis.run("try_again", session, *arguments) != 0)

    def faulted(self, session: str, job: Held, message: str, pause_s: float, max_faults: int) -> bool:
        """After an unexpected exception: the job waits again after a pause, a bounded number of times, then it ends.

        Returns True when it ended: somebody must be woken to write its report.
        """
        pause = round(pause_s * 1000)
        return bool(self._redis.run("faulted", session, job.job_id, job.token, max_faults, pause, message) == 0)

    def shortage(self, queue: str, messages: str, most: int) -> int:
        """How many more messages a queue should hold: one for each waiting job that a slot could take now."""
        fields, there = self._redis.pipeline(
            [("hmget", self._redis.keys("queue", queue), ["waiting", "slots"]), ("llen", messages)]
        )
        waiting, slots = whole(fields[0]), whole(fields[1])
        return max(0, min(waiting, max(1, slots), most) - int(there))
