"""Simulates a deployment of any size on one real Redis with the real scripts, and tells what saturates first.

`python -m benchmarks.simulation --hosts 1000 --slots 8 --jobs 1000000 --owners 200`; several numbers after `--hosts`
are compared. Slots exist in simulated time only: each claims, "runs" a job of a drawn length and records it, in the
order of that time, so that all slots hold jobs at once as they would on real hosts. Costs are microseconds of Redis's
main thread, which is the part of a deployment that cannot be had twice.
"""

from __future__ import annotations

import argparse
import heapq
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from benchmarks.own_redis import Server, server

from windtunnel.contract import Batch, Execution, Job, Outcome, Resources
from windtunnel.keyspace import batch_of
from windtunnel.records import Records
from windtunnel.records.connection import Connection
from windtunnel.records.hosts import EVERYTHING
from windtunnel.records.lua import script
from windtunnel.records.schedule import VALIDATE, Claimed, Held, Turn, claim_arguments, ready_queue
from windtunnel.records.submissions import Prepared, prepare
from windtunnel.validation import SecurityValidator
from windtunnel.wake import DEFAULT_POOL, Silent
from windtunnel_worker.pipeline import Pipeline

QUEUE = ready_queue(DEFAULT_POOL)
CODE = "emit(sharpe=params['at'] / 7)"
POLICY = "simulated"
LEASE_S = 3600
"""No lease may run out: simulated time is not Redis's."""
RETENTION_S = 7 * 86_400
BEATS_EVERY_S, PRESENT_EVERY_S, RECONCILE_EVERY_S = 1.0, 5.0, 2.0
"""How often a running job, a host and the reconciler call; as in `lease.py`, `beside.py` and `reconcile.py`."""
HEAVY_EVERY, HEAVY_WEIGHT = 10, 3
"""Each tenth owner is entitled to three times as much as the others."""
FINISHED, BEATS, SATURATING, SETS = 5_000, 20_000, 20_000, 100_000
AT_ONCE = 200
JOB_LENGTHS_S = (0.1, 1.0, 10.0, 60.0)


@dataclass(frozen=True)
class Size:
    """What is simulated."""

    hosts: int
    slots: int
    """Of each host."""
    jobs: int
    owners: int
    runs: int
    """Jobs that are run of those that are ready."""

    @property
    def batch(self) -> int:
        """Jobs of a batch: every owner has several."""
        return max(1, min(1000, self.jobs // (4 * self.owners)))


@dataclass
class Result:
    """What was found at one size."""

    size: Size
    us: dict[str, float] = field(default_factory=dict)
    """Step → microseconds of Redis's main thread, for each job, heartbeat, host or round."""
    claims_a_second: float = 0.0
    unfair: float = 0.0
    """By how much the owner that fared worst or best is off its share of all slot-seconds: 0.01 is one per cent."""
    ready_bytes: float = 0.0
    """Of a job that waits."""
    finished_bytes: float = 0.0
    """Of a job with its report."""
    memory_mb: float = 0.0

    @property
    def us_a_job(self) -> float:
        """From submission to report."""
        return sum(self.us[step] for step in ("write", "validate", "run", "finalize"))


class Simulation:
    """One size, on an empty Redis."""

    def __init__(self, size: Size, server: Server, seed: int) -> None:
        self.size, self._server, self._rng = size, server, random.Random(seed)  # noqa: S311 - nothing secret is drawn
        self._records = Records(Connection(server.url, "wt"), RETENTION_S)
        self._owner_of: dict[str, str] = {}
        self._weights = {
            f"owner-{number}": HEAVY_WEIGHT if number % HEAVY_EVERY == 0 else 1 for number in range(size.owners)
        }
        # Owners' jobs differ in length: what is shared fairly is time, not the number of jobs.
        self._mean_s = {owner: self._rng.uniform(0.5, 2.0) for owner in self._weights}
        self._length: dict[str, float] = {}
        """Seconds that each running job takes."""
        self._sessions = [f"host-{host}:{slot}:0" for host in range(size.hosts) for slot in range(size.slots)]
        self.result = Result(size)

    def run(self) -> Result:
        """All steps, each measured."""
        self._step("plain SET", self._set, SETS)
        empty = self._server.memory()
        self._step("write", self._write, self.size.jobs)
        self._step("validate", self._validate, self.size.jobs)
        self.result.ready_bytes = (self._server.memory() - empty) / self.size.jobs
        self.result.memory_mb = (self._server.memory() - empty) / 2**20
        self._step("host seen", self._see_hosts, self.size.hosts)
        self._step("host alive", self._present_hosts, self.size.hosts)
        running: list[tuple[float, int, Held]] = []
        self._step("run", lambda: self._serve(running), self.size.runs)
        self._step("heartbeat", lambda: self._beat(running), BEATS)
        self._step("reconcile", self._reconcile, 5)
        before = self._server.memory()
        self._step("finalize", self._finalize, FINISHED)
        self.result.finished_bytes = self.result.ready_bytes + (self._server.memory() - before) / FINISHED
        self.result.claims_a_second = self._saturate()
        self._records.close()
        return self.result

    def _step(self, name: str, act: Callable[[], None], count: int) -> None:
        before = self._server.cpu_us()
        act()
        self.result.us[name] = (self._server.cpu_us() - before) / count

    def _set(self) -> None:
        """The yardstick: a busy machine makes this as much dearer as all the rest."""
        for _ in range(0, SETS, AT_ONCE):
            with self._server.keys.pipeline(transaction=False) as pipe:
                for _ in range(AT_ONCE):
                    pipe.set("yardstick", "0123456789" * 10)
                pipe.execute()
        self._server.keys.delete("yardstick")

    # -- filling it ------------------------------------------------------------------------------------

    def _write(self) -> None:
        """Batches of all owners, in turn."""
        self._server.keys.hset("wt:weights", mapping=self._weights)
        owners = list(self._weights)
        full = self._prepared(self.size.batch)
        for number, first in enumerate(range(0, self.size.jobs, self.size.batch)):
            jobs = full[: self.size.jobs - first]
            owner = owners[number % len(owners)]
            batch = Batch(jobs=(Job(code=CODE),) * len(jobs), owner=owner)
            opened = self._records.submissions.open(f"{number:08x}", batch, "batch", 10 * self.size.jobs)
            self._records.submissions.write(opened, jobs, "simulation")
            self._owner_of[opened.batch_id] = owner

    @staticmethod
    def _prepared(count: int) -> list[Prepared]:
        return prepare([Job(code=CODE, params={"at": at, "fast": 12, "slow": 26}) for at in range(count)])

    def _validate(self) -> None:
        verdict = SecurityValidator().validate_code(CODE)
        schedule = self._records.schedule
        while isinstance(claimed := schedule.claim(VALIDATE, "validator:0:0", lease_s=LEASE_S, most=1000), Claimed):
            schedule.judged(claimed, "validator:0:0", POLICY, verdict)

    def _see_hosts(self) -> None:
        for host in range(self.size.hosts):
            self._records.hosts.seen(f"host-{host}", self.size.slots, "1", [DEFAULT_POOL], [EVERYTHING])

    def _present_hosts(self) -> None:
        for host in range(self.size.hosts):
            self._records.hosts.alive(f"host-{host}", "execute")

    # -- serving it ------------------------------------------------------------------------------------

    def _serve(self, running: list[tuple[float, int, Held]]) -> None:
        """Run jobs on all slots, in simulated time; `running` is what they hold in the end."""
        served: dict[str, float] = dict.fromkeys(self._weights, 0.0)
        slots: list[tuple[float, int, Held | None]] = [(0.0, slot, None) for slot in range(len(self._sessions))]
        now = 0.0
        for _ in range(self.size.runs):
            now, slot, job = heapq.heappop(slots)
            if job is not None:
                served[self._owner_of[batch_of(job.job_id)]] += self._length[job.job_id]
                self._record(self._sessions[slot], job)
            claimed = self._records.schedule.claim(QUEUE, self._sessions[slot], lease_s=LEASE_S)
            assert isinstance(claimed, Claimed), "there are too few jobs for this size"
            owner = self._owner_of[claimed.batch_id]
            length = self._rng.expovariate(1 / self._mean_s[owner])
            self._length[claimed.jobs[0].job_id] = length
            heapq.heappush(slots, (now + length, slot, claimed.jobs[0]))
        running += [(at, slot, job) for at, slot, job in slots if job is not None]
        for at, _, job in running:  # what they have had so far
            served[self._owner_of[batch_of(job.job_id)]] += self._length[job.job_id] - (at - now)
        self.result.unfair = self._unfairness(served)

    def _record(self, session: str, job: Held) -> None:
        seconds = self._length.pop(job.job_id)
        execution = Execution(
            attempt=job.attempt,
            outcome=Outcome.SUCCEEDED,
            host=session.partition(":")[0],
            values={"sharpe": 1.234567, "trades": 57, "drawdown": -0.1234},
            resources=Resources(duration_s=seconds, cpu_time_s=seconds, memory_mb_peak=87.5),
        )
        self._records.schedule.executed(session, job, execution, seconds, LEASE_S, None)

    def _unfairness(self, served: dict[str, float]) -> float:
        total, weights = sum(served.values()), sum(self._weights.values())
        return max(abs(served[owner] / total / (weight / weights) - 1) for owner, weight in self._weights.items())

    def _beat(self, running: list[tuple[float, int, Held]]) -> None:
        for number in range(BEATS):
            _, slot, job = running[number % len(running)]
            self._records.schedule.heartbeat(self._sessions[slot], job, LEASE_S)

    def _reconcile(self) -> None:
        for _ in range(5):
            self._records.care.reconcile("simulation", turn_s=60, max_attempts=3, max_faults=3, patience_s=15)

    def _finalize(self) -> None:
        pipeline = Pipeline(
            self._records,
            session="finalizer:0:0",
            validator=SecurityValidator,
            executor=_no_executor,
            wake=Silent(),
            observer=lambda *_, **__: None,
        )
        done = 0
        while done < FINISHED:
            done += len(pipeline.finalize())

    def _saturate(self) -> float:
        """Claims a second while Redis does nothing else and never waits for a client."""
        digest = script("claim")[1]
        began = time.monotonic()
        for first in range(0, SATURATING, AT_ONCE):
            with self._server.keys.pipeline(transaction=False) as pipe:
                for number in range(first, first + AT_ONCE):
                    session = f"host-{number % self.size.hosts}:more{number}:0"
                    asked = claim_arguments(QUEUE, session, lease_s=LEASE_S, most=1, turn=Turn())
                    pipe.evalsha(digest, 1, "wt", *asked)
                claimed = sum(answer[0] == b"claimed" for answer in pipe.execute())
            assert claimed == AT_ONCE, "there are too few jobs for this size"
        return SATURATING / (time.monotonic() - began)


def _no_executor() -> Any:
    raise AssertionError("jobs run in simulated time")


# -- what it says ----------------------------------------------------------------------------------------


def load(result: Result, job_s: float) -> tuple[float, float]:
    """Jobs a second while all slots run jobs of this length, and the share of one core that Redis needs for them."""
    size, us = result.size, result.us
    slots = size.hosts * size.slots
    beats = slots * us["heartbeat"] / BEATS_EVERY_S if job_s > BEATS_EVERY_S else 0.0
    hosts = size.hosts * us["host alive"] / PRESENT_EVERY_S + us["reconcile"] / RECONCILE_EVERY_S
    return slots / job_s, (slots / job_s * result.us_a_job + beats + hosts) / 1e6


def tell(results: list[Result]) -> None:
    """Print a column a size."""

    def row(title: str, text: Callable[[Result], str]) -> None:
        print(f"{title:<44}" + "".join(f"{text(result):>20}" for result in results))

    row("hosts x slots", lambda one: f"{one.size.hosts:,} x {one.size.slots}")
    row("ready jobs", lambda one: f"{one.size.jobs:,}")
    row("owners", lambda one: f"{one.size.owners:,}")
    row("of the ready jobs run", lambda one: f"{one.size.runs:,}")
    row("claims a second, one Redis", lambda one: f"{one.claims_a_second:,.0f}")
    row("fairness error, worst owner", lambda one: f"{one.unfair:.2%}")
    for step in (
        "plain SET",
        "write",
        "validate",
        "run",
        "finalize",
        "heartbeat",
        "host alive",
        "host seen",
        "reconcile",
    ):
        row(f"{step}, us of Redis", partial(_cost, step))
    row("a job from submission to report, us of Redis", lambda one: f"{one.us_a_job:,.0f}")
    row("a ready job, bytes", lambda one: f"{one.ready_bytes:,.0f}")
    row("a finished job, bytes", lambda one: f"{one.finished_bytes:,.0f}")
    row("Redis with all ready jobs, MB", lambda one: f"{one.memory_mb:,.0f}")
    print("\nAll slots busy with jobs of one length: jobs a second, share of Redis's core, reports of a day in GB")
    for job_s in JOB_LENGTHS_S:
        row(f"jobs of {job_s:g} s", partial(_busy, job_s))


def _cost(step: str, result: Result) -> str:
    return f"{result.us[step]:,.0f}"


def _busy(job_s: float, result: Result) -> str:
    rate, share = load(result, job_s)
    return f"{rate:,.0f} {share:.0%} {rate * 86_400 * result.finished_bytes / 1e9:,.0f}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=int, nargs="+", default=[10, 100, 1000], help="sizes to compare")
    parser.add_argument("--slots", type=int, default=8, help="of each host (default: 8)")
    parser.add_argument("--jobs", type=int, default=300_000, help="ready jobs (default: 300,000)")
    parser.add_argument("--owners", type=int, default=200, help="who they belong to (default: 200)")
    parser.add_argument("--runs", type=int, default=30_000, help="jobs that are run (default: 30,000)")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def sizes(options: argparse.Namespace) -> Iterator[Size]:
    """Those asked for; exits where there are too few jobs to keep all slots and owners busy."""
    for hosts in options.hosts:
        size = Size(hosts, options.slots, options.jobs, options.owners, options.runs)
        fewest = FINISHED + 3 * hosts * options.slots
        # An owner with thrice the weight and the shortest jobs runs so many times as many jobs as the mean one.
        most = max(HEAVY_WEIGHT * size.runs * 3 // size.owners * size.owners, size.runs + SATURATING)
        if size.runs < fewest or size.jobs < most:
            raise SystemExit(
                f"{hosts} hosts keep all slots busy with --runs {fewest} or more, "
                f"and {size.runs} runs all owners with --jobs {most} or more."
            )
        yield size


def main() -> None:
    """Simulate each size on a fresh Redis, and print what was found."""
    options = _options()
    results = []
    for size in list(sizes(options)):
        with server() as running:
            began = time.monotonic()
            results.append(Simulation(size, running, options.seed).run())
            print(f"{size.hosts:,} hosts: measured in {time.monotonic() - began:.0f} s", flush=True)
    tell(results)


if __name__ == "__main__":
    main()
