"""The kinds of fault, each done to a running system once. A fault that lasts says how it is ended.

A fault names the jobs that it concerns, so that the time until something happens to them again can be read from
their histories.
"""

from __future__ import annotations

import contextlib
import os
import random
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import redis
from tests.faults.daemon import Daemon
from tests.faults.submitter import RETRY_STOPS
from tests.faults.system import PREFIX, System
from tests.support import ROOT, environment

from windtunnel.contract import JobState, Outcome
from windtunnel.errors import StoreUnavailable

QUEUES = ("validate", "execute", "finalize")
POISON = ("null", "garbage", "[[], {}, {}]", '{"body": "="}', '{"task": {}}')


@dataclass(frozen=True)
class Struck:
    """A fault that was done."""

    kind: str
    at: float
    """Seconds since the epoch."""
    jobs: frozenset[str]
    """The jobs that it concerns."""
    detail: str = ""


@dataclass
class Context:
    """What the faults of a round are done with."""

    system: System
    rng: random.Random
    pause_s: float
    """How long a stopped process stays stopped: longer than a lease."""
    daemon: Daemon | None = None
    """The Docker Engine, where it may be killed."""
    batches: list[str] = field(default_factory=list)
    ends: list[tuple[float, Callable[[], None]]] = field(default_factory=list)
    """What ends the faults that last, and when."""

    def later(self, after_s: float, end: Callable[[], None]) -> None:
        self.ends.append((time.monotonic() + after_s, end))

    def end_due(self, *, all_of_them: bool = False) -> None:
        """End the faults whose time has come."""
        now = time.monotonic()
        due = [end for when, end in self.ends if all_of_them or when <= now]
        self.ends = [(when, end) for when, end in self.ends if not all_of_them and when > now]
        for end in due:
            end()


Injection = Callable[[Context], tuple[frozenset[str], str]]
"""Does the fault; the jobs it concerns, and what it did."""
NOBODY: frozenset[str] = frozenset()


def _signal(pids: Iterable[int], number: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _kill_child(role: str) -> Injection:
    def act(context: Context) -> tuple[frozenset[str], str]:
        children = context.system.roles[role].children()
        if not children:
            return NOBODY, "it has none now"
        pid = context.rng.choice(children)
        # Stopped first, so that what it holds is known when it dies.
        _signal([pid], signal.SIGSTOP)
        held = context.system.held_by([pid])
        _signal([pid], signal.SIGKILL)
        return held, f"pid {pid}"

    return act


def _kill_parent(role: str) -> Injection:
    def act(context: Context) -> tuple[frozenset[str], str]:
        one = context.system.roles[role]
        held = context.system.held_by(one.everybody())
        one.kill()
        return held, f"pid {one.pid}"

    return act


def _stop_child(context: Context) -> tuple[frozenset[str], str]:
    children = context.system.roles["execute"].children()
    if not children:
        return NOBODY, "it has none now"
    pid = context.rng.choice(children)
    _signal([pid], signal.SIGSTOP)
    context.later(context.pause_s, lambda: _signal([pid], signal.SIGCONT))
    return context.system.held_by([pid]), f"pid {pid}"


def _stop_role(context: Context) -> tuple[frozenset[str], str]:
    role = context.rng.choice(("validate", "execute", "finalize"))
    pids = context.system.roles[role].everybody()
    _signal(pids, signal.SIGSTOP)
    context.later(context.pause_s, lambda: _signal(pids, signal.SIGCONT))
    return context.system.held_by(pids), role


def _kill_redis(context: Context) -> tuple[frozenset[str], str]:
    held = held_now(context.system)
    context.system.redis.kill()
    return held, ""


def _cut(context: Context) -> tuple[frozenset[str], str]:
    seconds = context.rng.uniform(0.2, 3)
    context.system.proxy.cut()
    context.later(seconds, context.system.proxy.restore)
    return held_now(context.system), f"for {seconds:.1f} s"


def _reset(context: Context) -> tuple[frozenset[str], str]:
    context.system.proxy.reset()
    return held_now(context.system), ""


def _hang(context: Context) -> tuple[frozenset[str], str]:
    seconds = context.rng.uniform(1, 4)
    context.system.proxy.hang()
    context.later(seconds, context.system.proxy.restore)
    return held_now(context.system), f"for {seconds:.1f} s"


def _slow(context: Context) -> tuple[frozenset[str], str]:
    context.system.proxy.slow_down(context.rng.uniform(0.05, 0.4))
    context.later(3, context.system.proxy.restore)
    return held_now(context.system), ""


def _kill_clients(context: Context) -> tuple[frozenset[str], str]:
    with context.system.connect() as keys:
        clients = [one["id"] for one in keys.client_list() if "cmd=client" not in one]
        chosen = context.rng.sample(clients, min(len(clients), 3))
        for one in chosen:
            with contextlib.suppress(redis.ResponseError):
                keys.client_kill_filter(_id=one)
    return held_now(context.system), f"{len(chosen)} connections"


def _drop(context: Context) -> tuple[frozenset[str], str]:
    with context.system.connect() as keys:
        dropped = [queue for queue in QUEUES if keys.lpop(queue) is not None]
    return held_now(context.system), ", ".join(dropped) or "there was none"


def _duplicate(context: Context) -> tuple[frozenset[str], str]:
    doubled = []
    with context.system.connect() as keys:
        for queue in QUEUES:
            message = keys.lindex(queue, 0)
            if message is not None:
                keys.lpush(queue, message, message)
                doubled.append(queue)
    return NOBODY, ", ".join(doubled) or "there was none"


def _flush_scripts(context: Context) -> tuple[frozenset[str], str]:
    with context.system.connect() as keys:
        keys.script_flush()
    return held_now(context.system), ""


def _poison(context: Context) -> tuple[frozenset[str], str]:
    queue, text = context.rng.choice(QUEUES), context.rng.choice(POISON)
    with context.system.connect() as keys:
        keys.lpush(queue, text)
    return held_now(context.system), f"{text} into {queue}"


def _fill_disk(context: Context) -> tuple[frozenset[str], str]:
    """Fill the file system of the state folder, which is small; that of the machine is left alone."""
    filler = context.system.folder / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(2**20)):
            pass
    context.later(2, lambda: filler.unlink(missing_ok=True))
    return held_now(context.system), ""


def _kill_docker(context: Context) -> tuple[frozenset[str], str]:
    """Kill the Docker Engine, and start it again when its containers have had time to be missed."""
    daemon = context.daemon
    if daemon is None or not daemon.running:
        return NOBODY, "it is down already"
    held = context.system.held_by(context.system.roles["execute"].children())
    daemon.kill()
    context.later(context.rng.uniform(0, 5), daemon.start)
    return held, ""


def _kill_retrying_client(context: Context) -> tuple[frozenset[str], str]:
    """A client retries a job that failed, and dies over it."""
    with context.system.client() as client:
        failed = [
            status.job_id
            for batch in context.batches
            for status in client.jobs(batch)
            if status.state is JobState.FINISHED and status.outcome is Outcome.FAILED
        ]
    if not failed:
        return NOBODY, "nothing has failed yet"
    job, where = context.rng.choice(failed), context.rng.choice(sorted(RETRY_STOPS))
    submit_and_die(context.system, (0, 0, job, secrets.token_hex(4)), RETRY_STOPS[where])
    return NOBODY, f"{where}, {job}"


INJECTIONS: dict[str, Injection] = {
    "kill a slot": _kill_child("execute"),
    "kill a validator": _kill_child("validate"),
    "kill the slots' parent": _kill_parent("execute"),
    "kill the validators' parent": _kill_parent("validate"),
    "kill the monitors": _kill_parent("monitor"),
    "kill the finalizers": _kill_parent("finalize"),
    "stop a slot": _stop_child,
    "stop a role": _stop_role,
    "kill Redis": _kill_redis,
    "cut the connection to Redis": _cut,
    "reset the connections to Redis": _reset,
    "let Redis hang": _hang,
    "slow Redis down": _slow,
    "CLIENT KILL": _kill_clients,
    "drop messages": _drop,
    "duplicate messages": _duplicate,
    "SCRIPT FLUSH": _flush_scripts,
    "poison message": _poison,
    "kill a retrying client": _kill_retrying_client,
}
WITH_SMALL_DISK = {"fill the disk": _fill_disk}
WITH_DAEMON = {"kill the Docker Engine": _kill_docker}


def held_now(system: System) -> frozenset[str]:
    """The jobs that anybody holds; none where Redis does not answer."""
    try:
        with system.connect() as keys:
            return frozenset(job.decode() for key in keys.scan_iter(f"{PREFIX}:held:*") for job in keys.hkeys(key))
    except redis.RedisError:
        return NOBODY


def strike(kind: str, injection: Injection, context: Context) -> Struck:
    """Do a fault; one that cannot be done, as another has just been, is noted as such."""
    at = time.time()
    try:
        jobs, detail = injection(context)
    except (redis.RedisError, StoreUnavailable, OSError) as error:
        return Struck(kind, at, NOBODY, f"could not be done: {error}")
    return Struck(kind, at, jobs, detail)


# -- clients -------------------------------------------------------------------------------------------


def _submitter(system: System, arguments: Iterable[object]) -> subprocess.Popen[str]:
    variables = {**system.variables, "WINDTUNNEL_REDIS_URL": system.direct_url}
    return subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("submitter.py")), *map(str, arguments)],
        env=environment(**variables),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def submit_and_die(system: System, what: Iterable[object], stop: Iterable[str]) -> None:
    """Have a client submit or retry, and kill it at this step."""
    client = _submitter(system, (*what, *stop))
    assert client.stdout is not None
    client.stdout.readline()
    client.kill()
    client.communicate()


def submit(system: System, what: Iterable[object]) -> str:
    """Have a client submit, as often as it takes while Redis comes and goes; returns the batch's id."""
    while True:
        client = _submitter(system, what)
        said, complaint = client.communicate()
        if client.returncode == 0:
            return said.strip()
        assert complaint.startswith("submitter: "), complaint
