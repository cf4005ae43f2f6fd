"""`windtunnel up` as an operator runs it: alone on its state folder, private, and gone without a trace."""

from __future__ import annotations

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
from tests.support import COMMAND, Stack, command, environment, free_port, still_running, unique

from windtunnel.client import Client
from windtunnel.contract import Job, Limits, Outcome
from windtunnel.errors import StoreUnavailable
from windtunnel.keyspace import Keyspace
from windtunnel_worker.sandbox.container import labelled

KEYS = Keyspace("wt")
SUPERVISOR_MB = 40


def run_two_endless_jobs(stack: Stack) -> None:
    """Have both slots busy."""
    with Client(stack.url) as client, stack.connect() as keys:
        for job in [client.submit(Job(code="while True: pass", limits=Limits(timeout_s=60))) for _ in range(2)]:
            keys.xread({KEYS.samples(job, 1): "0"}, block=30_000)


# -- one at a time ---------------------------------------------------------------------------------------


def test_a_second_up_is_refused_and_touches_nothing_of_the_first(
    start_stack: Callable[..., Stack], tmp_path: Path
) -> None:
    with start_stack(tmp_path) as first:
        run_two_endless_jobs(first)
        processes = {process.pid for process in first.processes()}
        sandboxes = {sandbox.id for sandbox in labelled(first.host)}
        url = (first.state / "redis.url").read_text()
        under = {name: value for name, value in first.environment.items() if name != "WINDTUNNEL_REDIS_URL"}
        on_its_state = command("up", "--redis-port", str(free_port()), "--state", first.state, under=under)
        on_its_port = command("up", "--redis-port", str(first.redis_port), "--state", tmp_path / "other", under=under)
        assert (on_its_state.returncode, on_its_port.returncode) == (2, 2)
        assert f"process {first.pid}" in on_its_state.stderr
        assert f"Port {first.redis_port} is taken" in on_its_port.stderr
        assert {sandbox.id for sandbox in labelled(first.host)} >= sandboxes
        assert {process.pid for process in first.processes()} >= processes
        assert (first.state / "redis.url").read_text() == url


def test_two_stacks_of_one_host_keep_their_sandboxes_apart(
    stack: Stack, start_stack: Callable[..., Stack], tmp_path: Path
) -> None:
    with Client(stack.url) as client:
        job = client.submit(Job(code="import time\ntime.sleep(600)", limits=Limits(timeout_s=100)))
        with stack.connect() as keys:
            keys.xread({KEYS.samples(job, 1): "0"}, block=30_000)
        running = {sandbox.id for sandbox in labelled(stack.host) if sandbox.running}
        with start_stack(tmp_path, WINDTUNNEL_HOST=stack.environment["WINDTUNNEL_HOST"]) as other:
            assert other.host != stack.host
        assert {sandbox.id for sandbox in labelled(stack.host) if sandbox.running} >= running


# -- the end ---------------------------------------------------------------------------------------------


def test_nothing_outlives_an_up_that_is_killed_and_the_next_one_starts(
    start_stack: Callable[..., Stack], tmp_path: Path
) -> None:
    with start_stack(tmp_path) as first:
        run_two_endless_jobs(first)
        with Client(first.url) as client:
            waiting = client.submit({"code": "print('kept')"})
        assert first.stop(signal.SIGKILL) == -signal.SIGKILL
    with start_stack(tmp_path, WINDTUNNEL_LEASE_S="3") as second, Client(second.url) as client:
        assert client.status(waiting).job_id == waiting, "Redis wrote what it had"
        assert client.wait(client.submit({"code": "print(1)"}), timeout=60).outcome is Outcome.SUCCEEDED


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
    processes = []
    while len(processes) < started and up.poll() is None:
        processes = psutil.Process(up.pid).children(recursive=True)
    up.send_signal(signal.SIGTERM)
    said, _ = up.communicate(timeout=60)
    assert up.returncode == 0, said
    assert "Traceback" not in said
    assert still_running(processes) == []
    assert labelled(f"{host}.up-{(tmp_path / 'state' / 'instance').read_text().strip()}") == []
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
