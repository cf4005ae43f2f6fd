"""`windtunnel up` as an operator runs it: alone on its state folder, private, and gone without a trace."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
import redis
from tests.support import (
    COMMAND,
    PATIENCE_S,
    Stack,
    command,
    descendants,
    environment,
    free_port,
    still_running,
    unique,
)

from windtunnel.client import Client
from windtunnel.contract import Job, JobState, JobStatus, Limits, Outcome
from windtunnel.errors import StoreUnavailable
from windtunnel_worker.sandbox import list_sandboxes

SUPERVISOR_MB = 40


def run_endless_jobs(stack: Stack, count: int) -> list[str]:
    """Have so many slots busy; returns the jobs."""
    code = "import time\nwhile True: time.sleep(1)"
    with Client(stack.url) as client:
        jobs: list[str] = [client.submit(Job(code=code, limits=Limits(timeout_s=600))) for _ in range(count)]
    for job in jobs:
        stack.await_sample(job)
    return jobs


def still_run(stack: Stack, jobs: list[str]) -> bool:
    """Each in its first attempt: a job whose sandbox is taken away starts again or ends."""
    with Client(stack.url) as client:
        found = [client.status(job) for job in jobs]
    return all(isinstance(job, JobStatus) and (job.state, job.attempt) == (JobState.RUNNING, 1) for job in found)


# -- one at a time ---------------------------------------------------------------------------------------


def test_a_second_up_is_refused_and_touches_nothing_of_the_first(
    start_stack: Callable[..., Stack], tmp_path: Path
) -> None:
    with start_stack(tmp_path) as first:
        jobs = run_endless_jobs(first, 2)
        processes = {process.pid for process in first.processes()}
        url = (first.state / "redis.url").read_text()
        under = {name: value for name, value in first.environment.items() if name != "WINDTUNNEL_REDIS_URL"}
        on_its_state = command("up", "--redis-port", str(free_port()), "--state", first.state, under=under)
        on_its_port = command("up", "--redis-port", str(first.redis_port), "--state", tmp_path / "other", under=under)
        assert (on_its_state.returncode, on_its_port.returncode) == (2, 2)
        assert f"process {first.pid}" in on_its_state.stderr
        assert f"Port {first.redis_port} is taken" in on_its_port.stderr
        assert still_run(first, jobs)
        assert {process.pid for process in first.processes()} >= processes
        assert (first.state / "redis.url").read_text() == url


def test_two_stacks_of_one_host_keep_their_sandboxes_apart(
    stack: Stack, start_stack: Callable[..., Stack], tmp_path: Path
) -> None:
    jobs = run_endless_jobs(stack, 1)
    with start_stack(tmp_path, WINDTUNNEL_HOST=stack.environment["WINDTUNNEL_HOST"]) as other:
        assert other.host != stack.host
    assert still_run(stack, jobs)
    with Client(stack.url) as client:  # other tests of this stack want their slots
        assert sum(map(client.cancel, jobs)) == len(jobs)
        for job in jobs:
            client.wait(job, timeout=PATIENCE_S)


# -- the end ---------------------------------------------------------------------------------------------


def test_nothing_outlives_an_up_that_is_killed_and_the_next_one_starts(
    start_stack: Callable[..., Stack], tmp_path: Path
) -> None:
    with start_stack(tmp_path) as first:
        run_endless_jobs(first, 2)
        with Client(first.url) as client:
            waiting = client.submit({"code": "print('kept')"})
        assert first.stop(signal.SIGKILL) == -signal.SIGKILL
    # The endless jobs are run again: the one that waits needs a slot beside theirs.
    with start_stack(tmp_path, slots=3) as second, Client(second.url) as client:
        assert client.wait(waiting, timeout=PATIENCE_S).outcome is Outcome.SUCCEEDED


@pytest.mark.usefixtures("docker_engine")
@pytest.mark.parametrize("started", [1, 2, 4, 6], ids=lambda count: f"{count} processes")
def test_a_signal_during_the_start_leaves_nothing(redis_program: str, tmp_path: Path, started: int) -> None:
    port, host = free_port(), unique("early")
    up = subprocess.Popen(
        [COMMAND, "up", "--slots", "1", "--redis-port", str(port), "--state", str(tmp_path / "state")],
        env=environment(WINDTUNNEL_HOST=host, PATH=f"{Path(redis_program).parent}{os.pathsep}{os.environ['PATH']}"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    processes: list[psutil.Process] = []
    while len(processes) < started and up.poll() is None:
        processes = descendants(up.pid)
    up.send_signal(signal.SIGTERM)
    said, _ = up.communicate(timeout=PATIENCE_S)
    assert up.returncode == 0, said
    assert "Traceback" not in said
    assert still_running(processes) == []
    assert list_sandboxes(f"{host}.up-{(tmp_path / 'state' / 'instance').read_text().strip()}") == []
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


# -- private ---------------------------------------------------------------------------------------------


def test_the_private_redis_is_for_its_owner_only(stack: Stack) -> None:
    password = urlsplit(stack.url).password
    assert password
    with redis.Redis(port=stack.redis_port) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()
    with Client(f"redis://127.0.0.1:{stack.redis_port}/0") as client, pytest.raises(StoreUnavailable):
        client.submit({"code": "print(1)"})
    for path in [stack.state, *stack.state.rglob("*")]:
        with contextlib.suppress(FileNotFoundError):  # Redis has just replaced it
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    for process in psutil.process_iter(["cmdline"]):
        assert password not in " ".join(process.info["cmdline"] or [])
    for log in stack.logs.iterdir():
        assert password not in log.read_text(errors="replace"), log.name


def test_the_private_redis_has_bounds(stack: Stack) -> None:
    with stack.connect() as keys:
        told = keys.config_get("*")
    assert 0 < int(told["maxmemory"]) < psutil.virtual_memory().total
    assert told["maxmemory-policy"] == "noeviction"
    assert (told["appendonly"], told["appendfsync"]) == ("yes", "everysec")


def test_a_client_of_the_same_user_finds_the_stack(start_stack: Callable[..., Stack], tmp_path: Path) -> None:
    state = tmp_path / ".local" / "state" / "windtunnel"
    state.parent.mkdir(parents=True)
    with start_stack(tmp_path) as stack:
        state.symlink_to(stack.state)
        under = {name: value for name, value in stack.environment.items() if name != "WINDTUNNEL_REDIS_URL"}
        found = command("status", under={**under, "HOME": str(tmp_path)})
        assert found.returncode == 0, found.stderr


def test_the_supervisor_is_small(stack: Stack) -> None:
    assert psutil.Process(stack.pid).memory_info().rss < SUPERVISOR_MB * 2**20
