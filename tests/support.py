"""What the tests share: a Redis, the processes of a stack, the command line, builders of jobs and verdicts."""

from __future__ import annotations

import doctest
import hashlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn, Self

import psutil
import pytest
import redis

from windtunnel.contract import (
    Attempt,
    DatasetVersion,
    Execution,
    Facts,
    HostStatus,
    Issue,
    Job,
    Limits,
    Outcome,
    Report,
    SecurityLevel,
    Timings,
    Verdict,
)
from windtunnel.keyspace import Keyspace, batch_of
from windtunnel.validation import SecurityValidator
from windtunnel_worker.sandbox import Assignment, list_sandboxes

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"
CASES = ROOT / "tests" / "cases"
COMMAND = str(Path(sys.executable).with_name("windtunnel"))
OUR_VARIABLES = ("WINDTUNNEL_", "SANDBOX_", "DOCKER_", "FLOWER_")
NOBODY = "65534"
PATIENCE_S = 120.0
"""How long a test waits for what takes a moment on an idle machine: one under load may need much of it."""

ENOUGH = Limits(timeout_s=PATIENCE_S)
"""The usual limits with time enough on a machine under load."""

Run = Callable[..., Execution]
"""The `run` fixture: program text and the job's other fields in, its execution out. Limits are `ENOUGH` by default."""


def free_port() -> int:
    """A free port below those that the kernel gives to connections, one of which could take it before it is used."""
    while True:
        port = 10_000 + secrets.randbelow(22_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def missing(reason: str) -> NoReturn:
    """Something that a test needs is not on this machine: skip it, but fail in CI."""
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


READ_THE_IMAGE = """
    import glob
    for path in glob.glob("/opt/windtunnel/lib/**/*.*", recursive=True):
        try:
            with open(path, "rb") as file:
                while file.read(2**20): pass
        except OSError:
            pass
"""
"""A program that reads more than a thousand files; those that nobody has read before come from the disk."""


def drop_page_cache() -> None:
    """Have files be read from the disk again."""
    try:
        Path("/proc/sys/vm/drop_caches").write_text("1")
    except PermissionError:
        missing("only root can drop the page cache")


def until(true: Callable[[], bool], what: str, within_s: float = PATIENCE_S) -> None:
    """Wait until it is true; fails after `within_s` seconds, saying what was waited for."""
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, f"waited {within_s:.0f} s in vain until {what}"
        time.sleep(0.05)


def check_examples(module: ModuleType) -> None:
    """The docstrings of a module have examples, and each gives what it says."""
    found = doctest.testmod(module)
    assert found.attempted
    assert found.failed == 0


def unique(prefix: str) -> str:
    return f"{prefix}-{os.getpid()}-{secrets.token_hex(3)}"


def environment(**variables: str) -> dict[str, str]:
    """This process's environment without any setting of Windtunnel, and with these.

    Compiled modules are kept for all processes of a test run: each would compile the whole project otherwise.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OUR_VARIABLES)}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    cache = ROOT / ".pytest_cache" / "pycache"
    return {**kept, "PYTHONPYCACHEPREFIX": str(cache), "NO_COLOR": "1", "COLUMNS": "200", **variables}


# -- servers and processes -------------------------------------------------------------------------------


class RedisServer:
    """A private redis-server on a loopback port, and on a Unix socket in its directory."""

    def __init__(self, program: str, directory: Path, *arguments: str) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.socket = directory / "redis.sock"
        self._command = [
            program,
            *("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(directory)),
            *("--save", "", "--unixsocket", str(self.socket), *arguments),
        ]
        self._process = self._start()

    def _start(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        assert process.stdout
        said: list[str] = []
        for line in process.stdout:
            said.append(line)
            if sum("eady to accept connections" in line for line in said) == 2:  # the port and the socket
                return process
        process.communicate()
        raise AssertionError(f"redis-server ended with {process.returncode}:\n{''.join(said)}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def connect(self) -> redis.Redis:
        return redis.Redis(port=self.port, decode_responses=True)

    def stop(self) -> None:
        if self._process.returncode is not None:
            return
        self._process.terminate()
        self._process.communicate()

    def start(self) -> None:
        """After `stop`: on the same port."""
        self._process = self._start()


def command_line(process: psutil.Process) -> list[str]:
    """Its command line; none where it has just ended."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def descendants(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def still_running(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Those that do not end within half a minute."""
    deadline = time.monotonic() + 30
    while (alive := [process for process in processes if not ended(process)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return alive


def ended(process: psutil.Process) -> bool:
    """Whether it has ended, though nobody may have asked for its exit code yet."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


class Stack:
    """`windtunnel up` as a process: a private Redis, all roles and Flower."""

    def __init__(self, directory: Path, *arguments: str, slots: int = 2, **variables: str) -> None:
        self.redis_port = free_port()
        self.state = directory / "state"
        self.logs = self.state / "logs"
        self.environment = environment(
            **{
                "WINDTUNNEL_HOST": unique("up"),
                "WINDTUNNEL_DATA_DIR": str(directory / "data"),
                "WINDTUNNEL_STORE_URL": str(directory / "store"),
                **variables,
            }
        )
        self._process = subprocess.Popen(
            [
                *(COMMAND, "up", "--slots", str(slots), "--redis-port", str(self.redis_port)),
                *("--state", str(self.state), *arguments),
            ],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            self.await_line("Ctrl-C")
        except BaseException:  # the time of the test is over: nobody else would stop it
            self._process.terminate()
            self._process.wait(PATIENCE_S)
            raise
        self.host = f"{self.environment['WINDTUNNEL_HOST']}.up-{(self.state / 'instance').read_text().strip()}"
        self.url = (self.state / "redis.url").read_text().strip()
        self.environment["WINDTUNNEL_REDIS_URL"] = self.url

    def await_line(self, part: str) -> str:
        """Wait until it says something with this in it; returns that line."""
        said = []
        assert self._process.stdout
        for line in self._process.stdout:
            said.append(line)
            if part in line:
                return line
        self._process.communicate()
        raise AssertionError(f"`windtunnel up` ended with {self._process.returncode}: {''.join(said)}")

    @property
    def pid(self) -> int:
        return self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def processes(self) -> list[psutil.Process]:
        return descendants(self._process.pid)

    def role(self, role: str) -> psutil.Process:
        """The parent process of a role."""
        for process in psutil.Process(self._process.pid).children():
            if command_line(process)[1:4] == ["-m", "windtunnel_worker", role]:
                return process
        raise AssertionError(f"no process serves {role}")

    def connect(self) -> redis.Redis:
        # Above what any test blocks for.
        return redis.Redis.from_url(self.url, decode_responses=True, socket_timeout=2 * PATIENCE_S)

    def await_sample(self, job: str) -> dict[str, str]:
        """Wait until the program of this job has been measured in its first attempt; that sample."""
        with self.connect() as keys:
            found = keys.xread({Keyspace("wt").samples(job, 1): "0"}, block=round(1000 * PATIENCE_S))
        assert found, f"{job} was not measured"
        fields: dict[str, str] = found[0][1][0][1]
        return fields

    def stop(self, number: int = signal.SIGINT) -> int:
        """Signal it and wait; nothing of it may be left. Returns its exit code."""
        if self._process.poll() is not None:
            return self._process.returncode
        processes = self.processes()
        self._process.send_signal(number)
        try:
            self._process.communicate(timeout=PATIENCE_S)
        finally:
            self._process.kill()
        assert still_running(processes) == []
        assert list_sandboxes(self.host) == []
        return self._process.returncode


class Role:
    """One `python -m windtunnel_worker ROLE` against a Redis of the test's own. `inside`: a command that starts it."""

    def __init__(
        self,
        role: str,
        url: str,
        host: str,
        log: Path,
        *arguments: str,
        inside: Sequence[str] = (),
        **variables: str,
    ) -> None:
        self._log = log.open("wb")
        self._process = subprocess.Popen(
            [*inside, sys.executable, "-m", "windtunnel_worker", role, *arguments],
            env=environment(WINDTUNNEL_REDIS_URL=url, WINDTUNNEL_HOST=host, **variables),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._log:
            processes = descendants(self._process.pid)
            self._process.terminate()
            try:
                self._process.wait(timeout=PATIENCE_S)
            finally:
                self._process.kill()
        assert still_running(processes) == []


def command(*arguments: str | Path, under: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run `windtunnel …` to its end in this environment."""
    return subprocess.run(
        [COMMAND, *map(str, arguments)],
        env=dict(under) if under is not None else environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def answer_of(url: str) -> str:
    """What a server answers that may be starting."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
                return str(answer.read().decode())
        except OSError:
            assert time.monotonic() < deadline, f"{url} does not answer"
            time.sleep(0.1)


def get_json(url: str) -> Any:
    """The same, read as JSON."""
    return json.loads(answer_of(url))


# -- values ----------------------------------------------------------------------------------------------

NOW = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)


def a_version(name: str = "sp500", number: int = 1, content: str = "") -> DatasetVersion:
    """A version of a dataset; its digest is that of its content, or of its name and number."""
    sha256 = hashlib.sha256((content or f"{name} {number}").encode()).hexdigest()
    return DatasetVersion(
        name=name, version=number, sha256=sha256, format="csv", bytes=7, facts=Facts(rows=1), added_at=NOW
    )


def a_verdict(*levels: SecurityLevel, imports: Sequence[str] = ()) -> Verdict:
    """A verdict with one issue of each of these levels, worst first."""
    worst = max(levels, default=SecurityLevel.SAFE)
    return Verdict(
        safe=worst < SecurityLevel.HIGH,
        score=100 - 20 * worst,
        security_level=worst,
        issues=tuple(
            Issue(
                severity=level,
                rule="imports.os",
                category="imports",
                message="`os` reaches the operating system.",
                line=3,
                column=1,
                text="import os",
                fix="Leave it out.",
            )
            for level in levels
        ),
        language="python",
        duration_ms=1.5,
        policy="python@test",
        imports=tuple(imports),
    )


def an_assignment(job: Job) -> Assignment:
    """The first attempt of this job, under a name of its own."""
    imports = SecurityValidator().validate_code(job.code).imports
    return Assignment(f"test{secrets.token_hex(6)}-0", 1, job, imports)


def an_execution(attempt: int = 1, outcome: Outcome = Outcome.SUCCEEDED, **fields: Any) -> Execution:
    return Execution(attempt=attempt, outcome=outcome, host="here", **fields)


def a_report(name: str, outcome: Outcome = Outcome.SUCCEEDED, job: Job | None = None, attempt: int = 1) -> Report:
    job = job or Job(code="print(1)")
    return Report(
        job_id=name,
        batch_id=batch_of(name),
        name=job.name,
        language=job.language,
        outcome=outcome,
        timings=Timings(total_s=1.0),
        limits=job.limits,
        code_sha256=job.code_sha256,
        submitted_at=NOW,
        finished_at=NOW,
        attempts=(an_attempt(attempt, outcome),),
    )


def an_attempt(number: int = 1, outcome: Outcome = Outcome.SUCCEEDED) -> Attempt:
    return Attempt(number=number, outcome=outcome, host="here")


def a_host(name: str = "a", **fields: Any) -> HostStatus:
    values = {"last_seen": NOW, "live": True, "slots": 2, "busy": 1, "pools": ("default",), **fields}
    return HostStatus(host=name, **values)
