"""The whole of Windtunnel on one host, in the foreground: a private Redis, the four roles and, if asked, Flower."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from windtunnel.errors import DockerUnavailable, HostFeatureMissing, StoreUnavailable, WindtunnelError
from windtunnel.records import Records
from windtunnel.records.connection import Connection, masked
from windtunnel_worker.celery.app import create_app
from windtunnel_worker.recovery.reaper import remove_sandboxes
from windtunnel_worker.sandbox import images
from windtunnel_worker.settings import HostSettings

ROLES = ("validate", "execute", "monitor", "finalize")
READY_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 10.0
RESTARTS, RESTART_WINDOW_S = 5, 60.0
PR_SET_PDEATHSIG = 1

Say = Callable[[str], None]


@dataclass
class Child:
    """One process of the stack, started again when it dies, a bounded number of times."""

    name: str
    command: Sequence[str]
    log: Path
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    starts: deque[float] = field(default_factory=lambda: deque(maxlen=RESTARTS))

    def start(self) -> None:
        """Start it in a session of its own, so that Ctrl-C reaches this process only."""
        if len(self.starts) == RESTARTS and time.monotonic() - self.starts[0] < RESTART_WINDOW_S:
            tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
            raise WindtunnelError(f"{self.name} keeps dying; {self.log} ends:\n{tail}")
        self.starts.append(time.monotonic())
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )

    @property
    def dead(self) -> bool:
        """True when it was started and has ended."""
        return self.process is not None and self.process.poll() is not None

    def ask_to_stop(self) -> None:
        """TERM: finish what runs, then end."""
        if self.process and not self.dead:
            self.process.terminate()

    def end(self, deadline: float) -> None:
        """Wait for its end until the deadline, then kill it with all its children."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def _die_with_parent() -> None:
    """In the child: get TERM when this process dies, even by kill -9."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass(frozen=True)
class Plan:
    """What `up` was asked for."""

    slots: int
    flower_port: int | None
    redis_port: int | None
    """Port of the private Redis; None: use the one of the settings."""
    state_dir: Path


class Stack:
    """The processes of one host."""

    def __init__(self, plan: Plan, settings: HostSettings, say: Say) -> None:
        self._plan, self._say = plan, say
        url = settings.redis_url.get_secret_value()
        if plan.redis_port is not None:
            url = f"redis://127.0.0.1:{plan.redis_port}/0"
        self.url = url
        self._settings = settings.model_copy(
            update={"host": f"{settings.host}.up", "redis_url": type(settings.redis_url)(url)}
        )
        self._environment = {
            **os.environ,
            "WINDTUNNEL_REDIS_URL": url,
            "WINDTUNNEL_HOST": self._settings.host,
        }
        self._logs = plan.state_dir / "logs"
        self._redis: Child | None = None
        self._roles: list[Child] = []

    def run(self) -> None:
        """Start all, watch over all, and stop all on Ctrl-C or TERM."""
        images.find(self._settings.default_image)
        with _stop_signals() as stopping:
            try:
                self._start(stopping)
                while not stopping:
                    self._restart_dead()
                    time.sleep(0.5)
            finally:
                self._stop()

    def _start(self, stopping: list[int]) -> None:
        self._logs.mkdir(parents=True, exist_ok=True)
        if self._plan.redis_port is not None:
            self._redis = self._private_redis(self._plan.redis_port)
            self._redis.start()
        self._await_redis()
        for role in ROLES:
            width = [f"--concurrency={self._plan.slots}"] if role == "execute" else []
            self._add(role, role, *width)
        if self._plan.flower_port is not None:
            self._add("flower", "flower", f"--port={self._plan.flower_port}")
        self._await_workers(stopping)
        if not stopping:
            self._say(f"ready: {self._plan.slots} slots, Redis at {masked(self.url)}")
            if self._plan.flower_port is not None:
                self._say(f"Flower: http://127.0.0.1:{self._plan.flower_port}")
            self._say(f"logs: {self._logs}; Ctrl-C stops everything")

    def _add(self, name: str, *arguments: str) -> None:
        command = [sys.executable, "-m", "windtunnel_worker", *arguments]
        child = Child(name, command, self._logs / f"{name}.log", self._environment)
        self._roles.append(child)
        child.start()

    def _private_redis(self, port: int) -> Child:
        server = shutil.which("redis-server")
        if server is None:
            raise HostFeatureMissing(
                "There is no redis-server on this machine.",
                remedy="Run `apt-get install redis-server` or `deploy/setup.sh`, or set WINDTUNNEL_REDIS_URL.",
            )
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                raise StoreUnavailable(
                    f"Port {port} is taken: another `windtunnel up` is running.",
                    remedy="Use that one, stop it, or give --redis-port.",
                )
        directory = self._plan.state_dir / "redis"
        directory.mkdir(parents=True, exist_ok=True)
        options = {
            "port": str(port),
            "bind": "127.0.0.1",
            "dir": str(directory),
            "appendonly": "yes",
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        command = [server, *(word for name, value in options.items() for word in (f"--{name}", value))]
        return Child("redis", command, self._logs / "redis.log", dict(os.environ))

    def _await_redis(self) -> None:
        deadline = time.monotonic() + READY_TIMEOUT_S
        records = Records(Connection(self.url, self._settings.key_prefix, retries=0))
        while True:
            try:
                records.reading.ping()
                return
            except StoreUnavailable:
                if self._redis is None or self._redis.dead or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            finally:
                records.close()

    def _await_workers(self, stopping: list[int]) -> None:
        app = create_app(self._settings)
        wanted = {f"{role}@{self._settings.host}" for role in ROLES}
        deadline = time.monotonic() + READY_TIMEOUT_S
        missing = wanted
        while missing and not stopping:
            if time.monotonic() > deadline:
                raise WindtunnelError(
                    f"Not ready after {READY_TIMEOUT_S:.0f} s: {', '.join(sorted(missing))}.",
                    remedy=f"See {self._logs}.",
                )
            self._restart_dead()
            answers = app.control.inspect(destination=sorted(missing), timeout=0.5).ping() or {}
            missing = missing - set(answers)
        app.close()

    def _restart_dead(self) -> None:
        for child in [self._redis, *self._roles]:
            if child is not None and child.dead:
                self._say(f"{child.name} died; starting it again")
                child.start()

    def _stop(self) -> None:
        """First those who make work, then what they left, then the Redis they talk to."""
        self._say("stopping")
        for child in self._roles:
            child.ask_to_stop()
        deadline = time.monotonic() + STOP_TIMEOUT_S
        for child in self._roles:
            child.end(deadline)
        try:
            remove_sandboxes(self._settings.host)
        except DockerUnavailable as error:
            self._say(str(error))
        if self._redis is not None:
            self._redis.ask_to_stop()
            self._redis.end(time.monotonic() + STOP_TIMEOUT_S)
        self._say("stopped")


@contextmanager
def _stop_signals() -> Iterator[list[int]]:
    """The list fills when Ctrl-C or TERM arrives."""
    received: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        received.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
