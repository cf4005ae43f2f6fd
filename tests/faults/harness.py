"""Rounds of seeded faults: a system runs the jobs of a round while something breaks every two seconds.

`python -m tests.faults.harness --seeds 10 --jobs 500`; the same seed plans the same jobs and draws the same faults. A
round that fails prints its seed, what was wrong and the histories of the jobs concerned.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from tests.faults import checks
from tests.faults.daemon import Daemon, can_start
from tests.faults.injections import (
    INJECTIONS,
    WITH_DAEMON,
    WITH_SMALL_DISK,
    Context,
    Injection,
    Struck,
    strike,
    submit,
    submit_and_die,
)
from tests.faults.recoveries import Recovery, clock, recoveries, table
from tests.faults.submitter import STOPS
from tests.faults.system import System
from tests.faults.workload import PlannedBatch, plan
from tests.support import unique

from windtunnel.client import Client
from windtunnel.client.ids import BatchId
from windtunnel.contract import JobState
from windtunnel.errors import StoreUnavailable, WindtunnelError
from windtunnel_worker.settings import host_settings

DISK_MB = 256


@dataclass(frozen=True)
class Terms:
    """What a round is about."""

    seed: int
    jobs: int
    lease_s: float = 15.0
    within_s: float = 900.0
    """Jobs that have not ended by then are stranded."""
    every_s: float = 2.0
    """Between two faults."""
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
    recoveries: list[Recovery] = field(default_factory=list)
    outcomes: str = ""

    def failure(self) -> str:
        """Why it failed, for people; empty where it did not."""
        if not self.problems and not self.histories:
            return ""
        lines = [f"seed {self.terms.seed}, {self.terms.jobs} jobs:", *self.problems]
        for job, said in itertools.islice(self.histories.items(), 20):
            lines += [f"{job}:", *(f"    {line}" for line in said)]
        lines += ["faults:", *(f"    {clock(one.at)} {one.kind} {one.detail}" for one in self.struck)]
        return "\n".join(lines)


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


def play(terms: Terms, daemon: Daemon | None = None) -> Round:
    """Run one round on a system of its own. `daemon` is the Docker Engine of this process, where it may be killed."""
    program = shutil.which("redis-server")
    assert program is not None, "there is no redis-server on this machine"
    rng = random.Random(terms.seed)
    fsync = rng.choice(("always", "everysec"))
    variables = {"WINDTUNNEL_LEASE_S": str(terms.lease_s), "WINDTUNNEL_MAX_ATTEMPTS": "8"}
    with small_disk() as (folder, small):
        system = System(program, folder / "state", unique("round"), fsync=fsync, variables=variables)
        try:
            system.await_slots()
            kinds = {**INJECTIONS, **(WITH_SMALL_DISK if small else {}), **(WITH_DAEMON if daemon else {})}
            kinds = {kind: kinds[kind] for kind in terms.kinds or kinds}
            played = _play(terms, Context(system, rng, terms.lease_s + 3, daemon), kinds)
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
        pause.wait(terms.every_s)
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
        played.recoveries = recoveries(played.struck, client)


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
        return [f"{clock(one.at.timestamp())} {one.what} {one.who} {one.detail}" for one in client.history(job)]
    except WindtunnelError as error:
        return [f"it has no history: {error}"]


# -- the command -----------------------------------------------------------------------------------------

console = Console(width=140, highlight=False)


@contextlib.contextmanager
def second_daemon() -> Iterator[Daemon | None]:
    """A Docker Engine that may be killed, as the one of this process and its children; None where none can be."""
    if not can_start():
        console.print("The Docker Engine is left alone: a second one needs root and dockerd.")
        yield None
        return
    image = host_settings().default_image
    size = int(subprocess.check_output(["docker", "image", "inspect", "--format", "{{.Size}}", image]))
    folder = Path(tempfile.mkdtemp(prefix="windtunnel-engine-"))
    with Daemon(folder, 5 * size) as daemon:  # the image comes packed and wants some room
        daemon.load(image)
        os.environ["DOCKER_HOST"] = daemon.address
        try:
            yield daemon
        finally:
            del os.environ["DOCKER_HOST"]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10, help="rounds (default: 10)")
    parser.add_argument("--first", type=int, help="seed of the first round (default: 1; with --minutes the time)")
    parser.add_argument("--jobs", type=int, default=500, help="jobs a round (default: 500)")
    parser.add_argument("--lease", type=float, default=15.0, help="WINDTUNNEL_LEASE_S (default: 15)")
    parser.add_argument("--every", type=float, default=2.0, help="seconds between two faults (default: 2)")
    parser.add_argument("--minutes", type=float, help="play rounds for so long instead, whatever their number")
    parser.add_argument("--kinds", help="kinds of fault to draw from, separated by commas (default: all)")
    parser.add_argument("--kill-docker", action="store_true", help="use a second Docker Engine, and kill that too")
    return parser.parse_args()


def _seeds(options: argparse.Namespace) -> Iterator[int]:
    """The rounds' seeds, for as long as there is time."""
    if not options.minutes:
        first = options.first or 1
        yield from range(first, first + options.seeds)
        return
    until = time.monotonic() + 60 * options.minutes
    for seed in itertools.count(options.first or int(time.time())):
        if time.monotonic() > until:
            return
        yield seed


def main() -> None:
    """Play rounds; exit code 1 when one of them failed."""
    options = _options()
    for number in (signal.SIGINT, signal.SIGTERM):  # whoever stops it wants its processes gone, too
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    kinds = tuple(options.kinds.split(",")) if options.kinds else ()
    rounds = []
    with second_daemon() if options.kill_docker else contextlib.nullcontext() as daemon:
        for seed in _seeds(options):
            played = play(Terms(seed, options.jobs, options.lease, every_s=options.every, kinds=kinds), daemon)
            rounds.append(played)
            failure = played.failure()
            console.print(f"seed {seed}: {len(played.struck)} faults in {played.seconds:.0f} s: {played.outcomes}")
            console.print(f"FAIL  {failure}" if failure else "pass", markup=False)
    longest = sorted((one for played in rounds for one in played.recoveries), key=lambda one: -one.waited_s)
    console.print(table([one for played in rounds for one in played.struck], longest))
    for recovery in longest[:5]:
        console.print(str(recovery), markup=False)
    sys.exit(any(played.failure() for played in rounds))


if __name__ == "__main__":
    main()
