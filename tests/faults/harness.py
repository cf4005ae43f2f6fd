"""Rounds of seeded faults: a system runs the jobs of a round while something breaks every two seconds.

`python -m tests.faults.harness --seeds 10 --jobs 500`; the same seed plans the same jobs and draws the same faults. A
round that fails prints its seed, what was wrong and the histories of the jobs concerned.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table
from tests.faults import checks
from tests.faults.injections import (
    INJECTIONS,
    WITH_SMALL_DISK,
    Context,
    Injection,
    Struck,
    strike,
    submit,
    submit_and_die,
)
from tests.faults.submitter import STOPS
from tests.faults.system import System
from tests.faults.workload import PlannedBatch, plan
from tests.support import unique

from windtunnel.client import Client
from windtunnel.client.sync import BatchId
from windtunnel.contract import JobState
from windtunnel.errors import StoreUnavailable, WindtunnelError

EVERY_S = 2.0
DISK_MB = 256


@dataclass(frozen=True)
class Terms:
    """What a round is about."""

    seed: int
    jobs: int
    lease_s: float = 15.0
    within_s: float = 900.0
    """Jobs that have not ended by then are stranded."""
    kinds: tuple[str, ...] = ()
    """The kinds of fault to draw from; empty: all."""


@dataclass
class Round:
    """What happened in a round."""

    terms: Terms
    seconds: float = 0.0
    struck: list[Struck] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    histories: dict[str, list[str]] = field(default_factory=dict)
    """Job → what was wrong with it, and its history."""
    recoveries: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Kind of fault → seconds until something happened again to a job it concerned, longest of each fault."""
    outcomes: str = ""

    def failure(self) -> str:
        """Why it failed, for people; empty where it did not."""
        if not self.problems and not self.histories:
            return ""
        lines = [f"seed {self.terms.seed}, {self.terms.jobs} jobs:", *self.problems]
        for job, said in itertools.islice(self.histories.items(), 20):
            lines += [f"{job}:", *(f"    {line}" for line in said)]
        lines += ["faults:", *(f"    {_clock(one.at)} {one.kind} {one.detail}" for one in self.struck)]
        return "\n".join(lines)


def _clock(at: float) -> str:
    return time.strftime("%H:%M:%S", time.gmtime(at)) + f"{at % 1:.3f}"[1:]


@contextlib.contextmanager
def small_disk() -> Iterator[tuple[Path, bool]]:
    """A folder for a system's state, on a small file system of its own where this user may mount one."""
    folder = Path(tempfile.mkdtemp(prefix="windtunnel-faults-"))
    options = ["-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(folder)]
    small = not subprocess.run(["mount", *options], capture_output=True, check=False).returncode
    try:
        yield folder, small
    finally:
        if small:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
        shutil.rmtree(folder, ignore_errors=True)


def play(terms: Terms) -> Round:
    """Run one round on a system of its own."""
    program = shutil.which("redis-server")
    assert program is not None, "there is no redis-server on this machine"
    rng = random.Random(terms.seed)
    fsync = rng.choice(("always", "everysec"))
    variables = {"WINDTUNNEL_LEASE_S": str(terms.lease_s), "WINDTUNNEL_MAX_ATTEMPTS": "8"}
    with small_disk() as (folder, small):
        system = System(program, folder / "state", unique("round"), fsync=fsync, variables=variables)
        try:
            system.await_slots()
            kinds = {**INJECTIONS, **(WITH_SMALL_DISK if small else {})}
            kinds = {kind: kinds[kind] for kind in terms.kinds or kinds}
            played = _play(terms, Context(system, rng, terms.lease_s + 3), kinds)
        finally:
            system.stop()
        left = system.remove_what_is_left()
        if left:
            played.problems.append(f"{left} containers outlived the system")
    return played


def _play(terms: Terms, context: Context, kinds: dict[str, Injection]) -> Round:
    played, began = Round(terms), time.monotonic()
    reader = checks.Reader(context.system)
    batches: dict[str, PlannedBatch] = {}
    submitting = threading.Thread(target=_submit_all, args=(terms, context, batches, played), daemon=True)
    submitting.start()
    pause = threading.Event()
    planned = len(plan(terms.seed, terms.jobs))
    while time.monotonic() - began < terms.within_s:
        pause.wait(EVERY_S)
        context.end_due()
        if len(batches) == planned and _advance(context.system, batches):
            break
        kind = context.rng.choice(sorted(kinds))
        played.struck.append(strike(kind, kinds[kind], context))
    context.end_due(all_of_them=True)
    played.seconds = time.monotonic() - began
    submitting.join(60)
    _judge(played, context, batches)
    played.problems += reader.stop()
    return played


def _submit_all(terms: Terms, context: Context, batches: dict[str, PlannedBatch], played: Round) -> None:
    """Submit the batches, each by a client that dies over it; then the same again with the same key."""
    rng = random.Random(terms.seed + 2)
    for batch in plan(terms.seed, terms.jobs):
        what = (terms.seed, terms.jobs, batch.name, f"{terms.seed}-{batch.name}")
        where = rng.choice(sorted(STOPS))
        submit_and_die(context.system, what, STOPS[where])
        at = time.time()
        played.struck.append(Struck("kill a submitting client", at, frozenset(), f"{where}, {batch.name}"))
        batch_id = submit(context.system, what)
        batches[batch_id] = batch
        context.batches.append(batch_id)


def _advance(system: System, batches: dict[str, PlannedBatch]) -> bool:
    """Cancel what is to be cancelled; True when every job has its report."""
    try:
        with Client(system.direct_url) as client:
            for batch, planned in batches.items():
                if planned.cancelled:
                    _cancel_some(client, batch)
            return all(client.status(BatchId(batch)).done for batch in batches)
    except StoreUnavailable:
        return False


def _cancel_some(client: Client, batch: str) -> None:
    """Cancel those that run, and the last of those that wait."""
    states = {status.job_id: status.state for status in client.jobs(batch)}
    waiting = [job for job, state in states.items() if state in (JobState.QUEUED, JobState.READY)]
    for job in (*(job for job, state in states.items() if state is JobState.RUNNING), *waiting[-1:]):
        client.cancel(job)


def _judge(played: Round, context: Context, batches: dict[str, PlannedBatch]) -> None:
    system = context.system
    system.redis.await_ready()
    with system.client() as client:
        wrong = checks.unfinished(client, batches)
        if not wrong:
            played.problems += checks.what_is_left(system)
            wrong = checks.wrong_reports(client, batches)
        elif dump := _dump(system):
            played.problems.append(dump)
        played.outcomes = ", ".join(f"{count} {one}" for one, count in checks.outcomes(client, batches).items())
        played.histories = {job: [*said, *_history(client, job)] for job, said in wrong.items()}
        played.problems += checks.code_in_logs(system)
        _measure(played, client)


def _dump(system: System) -> str:
    """What stands in the schedule when jobs are stranded."""
    with system.connect() as keys:
        small = {
            key.decode(): str(
                keys.hgetall(key) if keys.type(key) == b"hash" else keys.zrange(key, 0, -1, withscores=True)
            )
            for kind in ("leases", "ended", "later", "held:*", "queue:*", "lanes:*", "host:*", "reconciler*")
            for key in keys.scan_iter(f"wt:{kind}")
            if keys.type(key) in (b"hash", b"zset")
        }
        lengths = {name: keys.llen(name) for name in ("validate", "execute", "finalize")}
    return json.dumps({**small, "messages": str(lengths)}, indent=1)


def _history(client: Client, job: str) -> list[str]:
    try:
        return [f"{_clock(one.at.timestamp())} {one.what} {one.who} {one.detail}" for one in client.history(job)]
    except WindtunnelError as error:
        return [f"it has no history: {error}"]


def _measure(played: Round, client: Client) -> None:
    """How long each fault kept the jobs that it concerned from going on, by their histories."""
    for one in played.struck:
        waited = [wait for job in one.jobs if (wait := _next_transition(client, job, one.at)) is not None]
        if waited:
            played.recoveries[one.kind].append(max(waited))


def _next_transition(client: Client, job: str, at: float) -> float | None:
    try:
        later = [line.at.timestamp() - at for line in client.history(job) if line.at.timestamp() > at]
    except WindtunnelError:
        return None
    return min(later, default=None)


# -- the command -----------------------------------------------------------------------------------------

console = Console(width=140, highlight=False)


def table(rounds: Iterable[Round]) -> Table:
    """The longest recovery by kind of fault."""
    times: dict[str, int] = defaultdict(int)
    longest: dict[str, float] = defaultdict(float)
    for played in rounds:
        for one in played.struck:
            times[one.kind] += 1
        for kind, waited in played.recoveries.items():
            longest[kind] = max(longest[kind], *waited)
    result = Table(title="Faults, and the longest time until a job they concerned went on")
    for heading in ("fault", "times", "longest"):
        result.add_column(heading, justify="left" if heading == "fault" else "right")
    for kind in sorted(times):
        result.add_row(kind, str(times[kind]), f"{longest[kind]:.1f} s" if kind in longest else "")
    return result


def main() -> None:
    """Play rounds; exit code 1 when one of them failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10, help="rounds (default: 10)")
    parser.add_argument("--first", type=int, default=1, help="seed of the first round (default: 1)")
    parser.add_argument("--jobs", type=int, default=500, help="jobs a round (default: 500)")
    parser.add_argument("--lease", type=float, default=15.0, help="WINDTUNNEL_LEASE_S (default: 15)")
    parser.add_argument("--minutes", type=float, help="play rounds for so long instead, whatever their number")
    parser.add_argument("--kinds", help="kinds of fault to draw from, separated by commas (default: all)")
    options = parser.parse_args()
    until = time.monotonic() + 60 * options.minutes if options.minutes else None
    seeds = itertools.count(options.first) if until else range(options.first, options.first + options.seeds)
    kinds = tuple(options.kinds.split(",")) if options.kinds else ()
    rounds = []
    for seed in seeds:
        if until and time.monotonic() > until:
            break
        played = play(Terms(seed, options.jobs, options.lease, kinds=kinds))
        rounds.append(played)
        failure = played.failure()
        verdict = f"[red]FAIL[/red] {failure}" if failure else f"pass  {played.outcomes}"
        console.print(f"seed {seed}: {len(played.struck)} faults in {played.seconds:.0f} s: {verdict}")
    console.print(table(rounds))
    sys.exit(any(played.failure() for played in rounds))


if __name__ == "__main__":
    main()
