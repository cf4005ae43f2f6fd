"""One fault at a time, on a whole system: what it does, and what puts it right."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.faults.system import System, address
from tests.faults.workload import LIMITS
from tests.support import unique, until

from windtunnel.broker import Broker
from windtunnel.client import Client
from windtunnel.client.ids import BatchId, JobId
from windtunnel.contract import Isolation, Job, JobState, Outcome
from windtunnel.errors import WaitTimeout
from windtunnel.keyspace import batch_of
from windtunnel_worker.locks import hold_first_free
from windtunnel_worker.sandbox import images

pytestmark = pytest.mark.faults

WITHOUT_RECONCILER = (str(Path(__file__).with_name("role.py")),)
ENOUGH_S = 90
"""Far above what a recovery takes on a busy machine: a test waits for what happens, not for how long it takes."""
IN_VAIN_S = 12
"""Several rounds of a reconciler, if there were one."""
SLEEPS = "import time\ntime.sleep(30)"
LASTS = "import time\ntime.sleep(8)\nemit(value=1)"
"""Long enough to be found at work on a busy machine."""

Start = Callable[..., System]


@pytest.fixture
def start(docker_engine: images.Image, redis_program: str, tmp_path: Path) -> Iterator[Start]:
    """Starts a system; with several slots only where a test needs them."""
    systems: list[System] = []

    def start(**options: Any) -> System:
        variables = {"WINDTUNNEL_LEASE_S": "4", "SANDBOX_DEFAULT_IMAGE": docker_engine.name}
        options = {"slots": 1, "variables": variables, **options}
        systems.append(System(redis_program, tmp_path / str(len(systems)), unique("recovery"), **options))
        return systems[-1]

    yield start
    for system in systems:
        system.stop()
        assert system.remove_what_is_left() == 0


def what_happened(client: Client, job: str) -> list[str]:
    return [line.what for line in client.history(job)]


def await_state(client: Client, job: JobId, state: JobState) -> None:
    until(lambda: client.status(job).state is state, f"the job is {state}")


# -- messages that are lost ------------------------------------------------------------------------------


def lose_a_message(system: System, client: Client, queue: str) -> JobId:
    """Have Redis hand the message of a new job to a worker that is stopped, and kill that: popped, never `unacked`."""
    role = system.roles[queue]
    with system.connect() as keys:
        while True:
            until(lambda: keys.hlen("unacked") == 0, "the last message is acknowledged")
            os.kill(role.pid, signal.SIGSTOP)
            job = client.submit(Job(code="emit(value=1)", limits=LIMITS))
            if queue == "execute":
                await_state(client, job, JobState.READY)
                until(lambda: keys.hlen("unacked") == 0, "whoever validated it has published its ticket")
            if keys.llen(queue) == 0:
                break
            os.kill(role.pid, signal.SIGCONT)  # its wait for messages had ended before this one came
            client.wait(job, timeout=ENOUGH_S)
        assert keys.hlen("unacked") == 0
        role.kill()
    return job


@pytest.mark.parametrize("queue", ["validate", "execute"])
def test_a_message_lost_between_its_pop_and_unacked(start: Start, queue: str) -> None:
    system = start()
    system.await_slots()
    with system.client() as client:
        job = lose_a_message(system, client, queue)
        report = client.wait(job, timeout=ENOUGH_S)
        assert (report.outcome, len(report.attempts)) == (Outcome.SUCCEEDED, 1)
        assert what_happened(client, job) == ["submitted", "validated", "claimed", "executed", "finished"]


@pytest.mark.parametrize("queue", ["validate", "execute"])
def test_without_a_reconciler_a_lost_message_strands_its_job(start: Start, queue: str) -> None:
    """So that the test above shows what it says."""
    system = start(program=WITHOUT_RECONCILER)
    system.await_slots()
    with system.client() as client:
        job = lose_a_message(system, client, queue)
        state = client.status(job).state
        with pytest.raises(WaitTimeout):
            client.wait(job, timeout=IN_VAIN_S)
        assert client.status(job).state is state
        wake(system, queue)
        assert client.wait(job, timeout=ENOUGH_S).outcome is Outcome.SUCCEEDED


def wake(system: System, queue: str) -> None:
    broker = Broker(address("worker", system.redis.port))
    {
        "validate": lambda: broker.validate("test"),
        "execute": lambda: broker.execute("default"),
        "finalize": broker.finalize,
    }[queue]()
    broker.close()


@pytest.mark.parametrize("queue", ["validate", "execute", "finalize"])
def test_messages_that_somebody_removes(start: Start, queue: str) -> None:
    others = [role for role in ("validate", "execute", "monitor", "finalize") if role != queue]
    system = start(roles=others)
    if queue != "execute":
        system.await_slots()
    with system.client() as client, system.connect() as keys:
        job = client.submit(Job(code="emit(value=1)", limits=LIMITS))
        expected = {"validate": JobState.QUEUED, "execute": JobState.READY, "finalize": JobState.ENDED}[queue]
        await_state(client, job, expected)
        until(lambda: keys.lpop(queue) is not None, "a message was there")
        keys.delete(queue)
        system.start(queue)
        report = client.wait(job, timeout=ENOUGH_S)
        assert (report.outcome, len(report.attempts)) == (Outcome.SUCCEEDED, 1)
        assert what_happened(client, job) == ["submitted", "validated", "claimed", "executed", "finished"]


# -- workers and hosts that go away ----------------------------------------------------------------------


def test_the_death_of_a_host_is_noticed(start: Start) -> None:
    system = start()
    system.await_slots()
    with system.client() as client:
        job = client.submit(Job(code=LASTS, limits=LIMITS))
        await_state(client, job, JobState.RUNNING)
        for role in ("execute", "monitor"):
            system.roles[role].down()
        other = unique("other")
        for role in ("execute", "monitor"):
            system.start(role, other)
        report = client.wait(job, timeout=ENOUGH_S)
        assert [one.outcome for one in report.attempts] == [Outcome.LOST, Outcome.SUCCEEDED]
        assert [one.host for one in report.attempts] == [system.host, other]
        assert what_happened(client, job) == [
            *("submitted", "validated", "claimed", "recovered", "claimed", "executed", "finished")
        ]
        until(lambda: [one.host for one in client.hosts() if one.live] == [other], "the first host counts as gone")


def test_a_slot_stopped_for_longer_than_its_lease_counts_for_nothing(start: Start) -> None:
    system = start(slots=2)
    system.await_slots()
    with system.client() as client:
        job = client.submit(Job(code=LASTS, limits=LIMITS))
        await_state(client, job, JobState.RUNNING)
        (slot,) = [pid for pid in system.roles["execute"].children() if job in system.held_by([pid])]
        os.kill(slot, signal.SIGSTOP)
        report = client.wait(job, timeout=ENOUGH_S)
        assert [one.outcome for one in report.attempts] == [Outcome.LOST, Outcome.SUCCEEDED]
        history = what_happened(client, job)
        os.kill(slot, signal.SIGCONT)
        # The slot serves again once it has seen that its attempt is over; two jobs at a time need it.
        jobs = [Job(code="import time\ntime.sleep(2)", limits=LIMITS)] * 2
        batch = client.submit_batch(jobs)
        client.wait(batch, timeout=ENOUGH_S)
        assert what_happened(client, job) == history
        assert client.report(job) == report


def test_a_stopped_slot_keeps_no_other_from_making_sandboxes(start: Start) -> None:
    system = start()
    system.await_slots()
    with contextlib.ExitStack() as stopped, system.client() as client:

        def taken(turn: str) -> bool:
            lock = hold_first_free(system.folder / "locks", [turn])
            return lock is not None and bool(stopped.enter_context(lock))

        for number in range(os.cpu_count() or 1):
            until(partial(taken, f"create a sandbox {number}"), "the slot makes no sandbox now")
        # The slot has prepared a sandbox for a first job at most.
        batch = client.submit_batch([Job(code="emit(value=1)", limits=LIMITS)] * 3)
        status = client.wait(batch, timeout=ENOUGH_S)
    assert status.outcomes == {Outcome.SUCCEEDED: 3}


# -- cancelling ------------------------------------------------------------------------------------------


def limited_to(cpu_time_s: int) -> list[str]:
    """The processes of this machine, those in sandboxes too, with this limit of processor time.

    A sandbox adds what its interpreter has used by then, which is some seconds.
    """
    found = []
    for place in Path("/proc").glob("[0-9]*/limits"):
        with contextlib.suppress(OSError):
            limit = place.read_text().partition("Max cpu time")[2].split()[0]
            if limit.isdigit() and 0 <= int(limit) - cpu_time_s < 60:
                found.append(place.parent.name)
    return found


@pytest.mark.parametrize("isolation", list(Isolation))
def test_a_job_cancelled_while_it_runs_is_gone(start: Start, isolation: Isolation) -> None:
    system = start()
    system.await_slots()
    with system.client() as client:
        mark = 10_000_000 + 100 * os.getpid()  # nobody else's limit
        limits = LIMITS.model_copy(update={"cpu_time_s": mark})
        batch = client.submit_batch([Job(code=SLEEPS, limits=limits)], isolation=isolation)
        job = f"{batch}-0"
        until(lambda: bool(limited_to(mark)), "its program runs")
        assert client.cancel(batch) == 1
        status = client.wait(batch, timeout=ENOUGH_S)
        assert (status.outcomes, status.cancelled_by) == ({Outcome.CANCELLED: 1}, client.who)
        until(lambda: limited_to(mark) == [], "its process is gone")
        assert what_happened(client, job) == ["submitted", "validated", "claimed", "cancelled", "executed", "finished"]
        assert [line.who for line in client.history(job) if line.what == "cancelled"] == [client.who]
        # The slot goes on with the next job at once.
        assert client.wait(client.submit(Job(code="print(1)", limits=LIMITS))).outcome is Outcome.SUCCEEDED


def test_a_job_cancelled_while_it_waits_never_runs(start: Start) -> None:
    system = start(roles=["validate", "finalize"])
    with system.client() as client:
        job = client.submit(Job(code=SLEEPS, limits=LIMITS))
        await_state(client, job, JobState.READY)
        assert client.cancel(job) == 1
        report = client.wait(job, timeout=ENOUGH_S)
        assert (report.outcome, report.execution) == (Outcome.CANCELLED, None)
        assert client.status(BatchId(batch_of(job))).done
