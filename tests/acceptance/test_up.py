"""`windtunnel up` as an operator runs it: alone on its state folder, private, and gone without a trace."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import stat
import subprocess
from collections.abc import Callable, Iterator
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

from windtunnel.client import Client, JobId
from windtunnel.contract import Job, JobState, Limits, Outcome
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


def still_runs(stack: Stack, job: str) -> bool:
    """In its first attempt: a job whose sandbox is taken away starts again or ends."""
    with Client(stack.url) as client:
        found = client.status(JobId(job))
    return (found.state, found.attempt) == (JobState.RUNNING, 1)


@contextlib.contextmanager
def undisturbed(stack: Stack) -> Iterator[None]:
    """What happens meanwhile must not touch a job that runs on this stack. Its slot is free again afterwards."""
    (job,) = run_endless_jobs(stack, 1)
    try:
        yield
        assert still_runs(stack, job)
    finally:
        with Client(stack.url) as client:
            client.cancel(job)
            client.wait(job, timeout=PATIENCE_S)


def without_its_url(stack: Stack) -> dict[str, str]:
    return {name: value for name, value in stack.environment.items() if name != "WINDTUNNEL_REDIS_URL"}


# -- one at a time ---------------------------------------------------------------------------------------


def test_a_second_up_is_refused_and_touches_nothing_of_the_first(stack: Stack, tmp_path: Path) -> None:
    url, under = (stack.state / "redis.url").read_text(), without_its_url(stack)
    with undisturbed(stack):
        processes = {process.pid for process in stack.processes()}
        on_its_state = command("up", "--redis-port", str(free_port()), "--state", stack.state, under=under)
        on_its_port = command("up", "--redis-port", str(stack.redis_port), "--state", tmp_path / "other", under=under)
        assert (on_its_state.returncode, on_its_port.returncode) == (2, 2)
        assert f"process {stack.pid}" in on_its_state.stderr
        assert f"Port {stack.redis_port} is taken" in on_its_port.stderr
        assert {process.pid for process in stack.processes()} >= processes
    assert (stack.state / "redis.url").read_text() == url


def test_an_up_whose_roles_could_not_start_says_so_at_once(stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "python.toml").write_text("[bounds]\nseconds = 'many'\n")
    under = {**without_its_url(stack), "WINDTUNNEL_POLICIES": str(tmp_path)}
    refused = command("up", "--redis-port", str(free_port()), "--state", tmp_path / "state", under=under)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "python.toml" in refused.stderr


# -- the end ---------------------------------------------------------------------------------------------


def test_another_up_of_the_same_host_stops_whole_while_jobs_run_and_keeps_its_sandboxes_apart(
    stack: Stack, start_stack: Callable[..., Stack], tmp_path: Path
) -> None:
    password = tmp_path / "of-another-redis"
    password.write_text("secret")
    variables = {
        "WINDTUNNEL_HOST": stack.environment["WINDTUNNEL_HOST"],
        "WINDTUNNEL_REDIS_PASSWORD_FILE": str(password),
    }
    with undisturbed(stack), start_stack(tmp_path, **variables) as other:
        assert other.host != stack.host
        run_endless_jobs(other, 2)
        assert other.stop(signal.SIGTERM) == 0


def test_nothing_outlives_an_up_that_is_killed_and_the_next_one_starts(
    start_stack: Callable[..., Stack], tmp_path: Path
) -> None:
    with start_stack(tmp_path) as first:
        run_endless_jobs(first, 2)
        with Client(first.url) as client:
            waiting = client.submit({"code": "print('kept')"})
        assert first.stop(signal.SIGKILL) == -signal.SIGKILL
    # The endless jobs are run again: the one that waits needs a slot beside theirs.
    with start_stack(tmp_path, slots=3) as second:
        with Client(second.url) as client:
            assert client.wait(waiting, timeout=PATIENCE_S).outcome is Outcome.SUCCEEDED
        run_endless_jobs(second, 1)
        assert second.stop(signal.SIGINT) == 0


@pytest.mark.usefixtures("docker_engine")
@pytest.mark.parametrize("started", [1, 3, 6], ids=lambda count: f"{count} processes")
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
    try:
        processes: list[psutil.Process] = []
        while len(processes) < started and up.poll() is None:
            processes = descendants(up.pid)
        up.send_signal(signal.SIGTERM)
        said, _ = up.communicate(timeout=PATIENCE_S)
    finally:
        up.kill()
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


def test_a_client_of_the_same_user_finds_the_stack(stack: Stack, tmp_path: Path) -> None:
    state = tmp_path / ".local" / "state" / "windtunnel"
    state.parent.mkdir(parents=True)
    state.symlink_to(stack.state)
    found = command("status", under={**without_its_url(stack), "HOME": str(tmp_path)})
    assert found.returncode == 0, found.stderr


def test_the_supervisor_is_small(stack: Stack) -> None:
    assert psutil.Process(stack.pid).memory_info().rss < SUPERVISOR_MB * 2**20
