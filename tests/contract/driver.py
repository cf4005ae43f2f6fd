"""Does to the records what clients, workers and the reconciler do, a step at a time."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.support import a_report, a_verdict, an_attempt, an_execution

from windtunnel import keyspace
from windtunnel.contract import Batch, Isolation, Job, Outcome, SecurityLevel
from windtunnel.keyspace import job_id
from windtunnel.records import Records
from windtunnel.records.care import Round
from windtunnel.records.reports import Unfinished
from windtunnel.records.schedule import VALIDATE, Claimed, Held, Nothing, Recorded, Turn
from windtunnel.records.submissions import Opened, prepare

POLICY = "strict@1"
QUEUE = "execute.default"
EVERYTHING = "*"
_NUMBERS = itertools.count(1)
HERE, THERE = "here:1:a", "there:1:a"
"""Sessions on two hosts."""


@dataclass
class Driver:
    """The records, a plain connection to what they are kept in, and steps."""

    records: Records
    keys: Any

    # -- producers -------------------------------------------------------------------------------------

    def batch(self, count: int = 1, *, codes: Sequence[str] = ("print(1)",), **options: Any) -> Batch:
        """A batch of that many jobs, whose programs take turns. Options are the batch's or the jobs'."""
        of_batch = {name: options.pop(name) for name in tuple(Batch.model_fields) if name in options}
        jobs = (Job(code=codes[at % len(codes)], **{"params": {"at": at}, **options}) for at in range(count))
        return Batch(jobs=tuple(jobs), **of_batch)

    def opened(self, batch: Batch, *, kind: str = "batch", limit: int = 1_000_000) -> Opened:
        return self.records.submissions.open(f"{next(_NUMBERS):08x}", batch, kind, limit)

    def submit(self, count: int = 1, **options: Any) -> str:
        """Write a batch; its id."""
        batch = self.batch(count, **options)
        opened = self.opened(batch)
        self.write(opened, batch)
        return opened.batch_id

    def write(self, opened: Opened, batch: Batch, first: int | None = None) -> None:
        """Write the jobs of a batch, or only the first ones."""
        self.records.submissions.write(opened, prepare(batch.jobs[:first], cache=batch.cache), "client")

    def ready(self, count: int = 1, **options: Any) -> str:
        """A batch whose jobs wait for a slot; its id."""
        batch = self.submit(count, **options)
        self.judge()
        return batch

    def cancel(self, batch: str) -> int:
        """Cancel a batch as the client does; how many jobs that was about."""
        written = self.records.submissions.close_batch(batch, "client")
        ended, told, _ = self.records.submissions.cancel([job_id(batch, at) for at in range(written)], "client")
        return ended + told

    # -- workers ---------------------------------------------------------------------------------------

    def host(
        self, name: str = "here", *, has: Iterable[str] = (EVERYTHING,), slots: int = 1, pool: str = "default"
    ) -> None:
        self.records.hosts.seen(name, slots, "1", [pool], list(has))

    def claim(self, session: str = HERE, *, queue: str = QUEUE, most: int = 1, work_s: float = 0.5) -> list[Held]:
        """The jobs of the next claim; none if there is nothing."""
        claimed = self.claimed(session, queue=queue, most=most, work_s=work_s)
        return list(claimed.jobs) if isinstance(claimed, Claimed) else []

    def claimed(
        self,
        session: str = HERE,
        *,
        queue: str = QUEUE,
        most: int = 1,
        work_s: float = 0.5,
        turn: Turn | None = None,
    ) -> Claimed | Nothing:
        if queue != VALIDATE and self.keys.zscore("wt:hosts", session.partition(":")[0]) is None:
            self.host(session.partition(":")[0])
        return self.records.schedule.claim(queue, session, lease_s=30, most=most, work_s=work_s, turn=turn)

    def claim_batch(self, turn: Turn, session: str = HERE) -> str:
        """The batch of the next claim after such a turn; empty if there is nothing."""
        claimed = self.claimed(session, most=50, turn=turn)
        return claimed.batch_id if isinstance(claimed, Claimed) else ""

    def judge(self, *levels: SecurityLevel, session: str = HERE) -> int:
        """Pass judgement on all that is queued; how many programs' claims that took."""
        claims = 0
        while isinstance(claimed := self.claimed(session, queue=VALIDATE, most=1000), Claimed):
            self.records.schedule.judged(claimed, session, POLICY, a_verdict(*levels))
            claims += 1
        return claims

    def executed(
        self,
        job: Held,
        session: str = HERE,
        *,
        outcome: Outcome = Outcome.SUCCEEDED,
        seconds: float = 0.1,
        prepared_s: float = 0.0,
        following: Held | None = None,
    ) -> Recorded:
        execution = an_execution(job.attempt, outcome, prepare_s=prepared_s)
        return self.records.schedule.executed(session, job, execution, seconds, 30, following)

    def finalize(self) -> list[str]:
        """Give every job that has its end its report; their ids."""
        done: list[str] = []
        while taken := self.records.reports.take(50):
            finished = self.finish(taken)
            done += [job.job_id for job, first in zip(taken, finished, strict=True) if first]
        return done

    def finish(self, taken: Sequence[Unfinished], **fields: Any) -> list[bool]:
        """Give these jobs reports; further fields are those of each report."""
        reports = [a_report(job.job_id, outcome_of(job), None, job.attempt).model_copy(update=fields) for job in taken]
        final = list(zip(taken, reports, strict=True))
        return self.records.reports.finish(final, "finalizer")

    def run_all(self, session: str = HERE, outcome: Outcome = Outcome.SUCCEEDED) -> list[str]:
        """Bring all that waits to its report; the ids in the order of the claims."""
        self.judge(session=session)
        ran = []
        while isinstance(claimed := self.claimed(session), Claimed):
            for job in claimed.jobs:
                self.executed(job, session, outcome=outcome)
                ran.append(job.job_id)
        self.finalize()
        return ran

    # -- the reconciler and time -----------------------------------------------------------------------

    def reconcile(self, *, max_attempts: int = 3, max_faults: int = 3, patience_s: float = 15) -> Round:
        found = self.records.care.reconcile(
            "reconciler", turn_s=5, max_attempts=max_attempts, max_faults=max_faults, patience_s=patience_s
        )
        assert found is not None
        return found

    def expire(self, session: str = HERE) -> None:
        """Have a session's lease run out now."""
        assert self.keys.zadd("wt:leases", {session: 0}, xx=True, ch=True)

    def end_pauses(self) -> None:
        """Have all pauses after faults be over."""
        for job in self.keys.zrange("wt:later", 0, -1):
            self.keys.zadd("wt:later", {job: 0})

    # -- what is stored --------------------------------------------------------------------------------

    def state(self, job: str) -> Any:
        return self.keys.hget(f"wt:job:{job}", "state")

    def field(self, job: str, name: str) -> Any:
        return self.keys.hget(f"wt:job:{job}", name)

    def outcomes(self, batch: str) -> dict[str, int]:
        return {outcome.value: count for outcome, count in self.records.reading.batch_status(batch).outcomes.items()}

    def waiting(self, queue: str = QUEUE) -> int:
        return int(self.keys.hget(f"wt:queue:{queue}", "waiting") or 0)

    def unfinished(self) -> int:
        return int(self.keys.hget("wt:counters", "unfinished") or 0)

    def places(self) -> Counter[str]:
        """In how many places of the schedule each job is: lanes, pauses, sessions and those that wait for a report."""
        found: Counter[str] = Counter()
        for lane in self.keys.scan_iter("wt:lane:*", count=1000):
            batch = lane.split(":")[4]
            found.update(f"{batch}-{index}" for index in self.keys.lrange(lane, 0, -1))
        for held in self.keys.scan_iter("wt:held:*", count=1000):
            found.update(self.keys.hkeys(held))
        for followers in self.keys.scan_iter("wt:followers:*", count=1000):
            found.update(self.keys.zrange(followers, 0, -1))
        for queue in ("wt:later", "wt:ended"):
            found.update(self.keys.zrange(queue, 0, -1))
        return found

    def left_in_the_schedule(self) -> list[str]:
        """Keys that must not outlive the jobs they are about."""
        return sorted(key for key in self.keys.scan_iter("wt:*", count=1000) if TRANSIENT.match(key))


TRANSIENT = re.compile(
    r"wt:(classes|owners|batches|lanes|lane|later|leases|held|ended|unservable|uses|running|open|opening|times|followers|following)\b"
)


def outcome_of(job: Unfinished) -> Outcome:
    """How a job ended, as far as its record still says."""
    outcome = job.outcome.decode(errors="replace")
    return Outcome(outcome) if outcome in tuple(Outcome) else Outcome.LOST


def documented() -> list[tuple[re.Pattern[str], str, str]]:
    """Each row of `keyspace.py`: a pattern of the key, its type, and how long it lives."""
    rows = re.findall(r"^\| (`<p>.+?) *\| (\w+) +\| .*?(?:\| ([^|]+?) *)?\|$", keyspace.__doc__ or "", re.MULTILINE)
    parts = {"<p>": "wt", "<c>": "[0-9]", "<n>": "[0-9]+", "<job>": "[0-9a-z]+-[0-9]+", "<batch>": "[0-9a-z]+",
             "<queue>": "[a-z.]+", "<q>": "[a-z.]+", "<kind>": "(job|batch)"}  # fmt: skip
    found = []
    for names, kind, lives in rows:
        for name in re.findall(r"`([^`]+)`", names):
            pattern = "".join(
                parts.get(piece, ".+") if piece.startswith("<") else re.escape(piece)
                for piece in re.split(r"(<\w+>)", name)
            )
            found.append((re.compile(pattern), kind, lives))
    return found


__all__ = ["EVERYTHING", "HERE", "POLICY", "QUEUE", "THERE", "Driver", "Isolation", "an_attempt", "documented"]
