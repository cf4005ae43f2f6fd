"""What a slot knows of its sandbox: whether it waits for a job, and why it died."""

from __future__ import annotations

import fcntl
import resource
import socket
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from tests.support import missing

from windtunnel.contract import Job
from windtunnel_worker.monitoring.cgroup import Reading
from windtunnel_worker.sandbox.assignment import Hooks
from windtunnel_worker.sandbox.container import Sandbox
from windtunnel_worker.sandbox.protocol import Transcript
from windtunnel_worker.sandbox.run import Run
from windtunnel_worker.settings import HostSettings

MANY = 1100


def test_the_lease_is_kept_while_the_engine_is_asked_why_a_sandbox_died(settings: HostSettings) -> None:
    reading = Reading(
        cpu_time_s=0.0,
        memory_bytes=1,
        memory_peak_bytes=1,
        io_operations=0,
        processes=1,
        processes_refused=0,
        oom_kills=0,
    )
    renewed = threading.Event()
    sandbox: Any = SimpleNamespace(
        reader=SimpleNamespace(read=lambda: reading),
        last_reading=None,
        kind=SimpleNamespace(memory_bytes=2**20),
        faults="",
        oom_killed=lambda: renewed.wait(10),
    )
    run = Run(sandbox, Job(code="1"), Hooks(stop=renewed.set), settings)
    assert run.evidence(Transcript(1024)).oom_killed


@pytest.fixture
def many_files() -> Iterator[None]:
    """This process may open so many files; by default it mostly may not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= hard < MANY:
        missing(f"no process may open {MANY} files on this machine")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("many_files")
def test_an_app_with_many_files_open_may_ask_whether_a_sandbox_waits_for_a_job() -> None:
    ours, warden = socket.socketpair()
    with ours, warden, socket.socket(fileno=fcntl.fcntl(ours, fcntl.F_DUPFD_CLOEXEC, MANY - 1)) as stream:
        sandbox = Sandbox.__new__(Sandbox)
        sandbox._stream = stream
        assert sandbox.healthy()
        warden.close()
        assert not sandbox.healthy()
