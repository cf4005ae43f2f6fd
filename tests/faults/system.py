"""A whole Windtunnel of the tests' own: Redis, a proxy before it, and the roles as real processes.

Whatever of it dies is started again at once, as a supervisor would. Faults are done to it by `injections`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import psutil
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from tests.faults.proxy import Proxy
from tests.support import ROOT, environment, free_port, until

from windtunnel.client import Client
from windtunnel_worker.recovery.reaper import Reaper, remove_sandboxes
from windtunnel_worker.sandbox import list_sandboxes

ROLES = ("validate", "execute", "monitor", "finalize")
KEEP_EVERY_S = 0.1
PREFIX = "wt"
USERS = ("producer", "worker", "flower", "exporter", "operator")
PASSWORD = "faults-0123456789"  # of a Redis on loopback that lives as long as a test


def address(user: str, port: int) -> str:
    """The URL of a Redis user."""
    return f"redis://{user}:{PASSWORD}@127.0.0.1:{port}/0"


class RedisProcess:
    """A redis-server with the users of `deploy/redis` whose append-only file survives being killed."""

    def __init__(self, program: str, folder: Path, fsync: str) -> None:
        self.port = free_port()
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        passwords = {f"WINDTUNNEL_REDIS_PASSWORD_{user.upper()}": PASSWORD for user in USERS}
        path = f"{Path(program).parent}:{os.environ['PATH']}"
        self._environment = environment(PATH=path, ACL_FILE=str(folder / "users.acl"), **passwords)
        self._command = [
            str(ROOT / "deploy/redis/start.sh"),
            *("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""),
            *("--appendonly", "yes", "--appendfsync", fsync, "--logfile", str(folder / "redis.log")),
        ]
        self.start()

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, env=self._environment, stdin=subprocess.DEVNULL)

    def connect(self) -> Any:
        """An operator's connection that gives up at once. Its answers are bytes; their types are unions in redis-py."""
        return redis.Redis.from_url(address("operator", self.port), socket_timeout=10, retry=Retry(NoBackoff(), 0))

    def await_ready(self) -> None:
        with self.connect() as keys:
            until(lambda: _answers(keys), "Redis answers")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(30)


class Role:
    """`python -m windtunnel_worker ROLE`, in a process group of its own."""

    def __init__(self, name: str, variables: dict[str, str], log: Path, program: Sequence[str], width: int) -> None:
        self.name, self._variables, self._log = name, variables, log
        self._command = [sys.executable, "-P", *program, name, "--concurrency", str(width)]
        self.groups: list[int] = []
        self.wanted = True
        self.starts = 0
        self.start()

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        return self._process.pid

    def start(self) -> None:
        self.starts += 1
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env=environment(**self._variables),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.groups.append(self._process.pid)

    def children(self) -> list[int]:
        """Its slots or validators, as far as it has any."""
        try:
            return [child.pid for child in psutil.Process(self.pid).children()]
        except psutil.NoSuchProcess:
            return []

    def everybody(self) -> list[int]:
        """Its parent process, and its children."""
        return [self.pid, *self.children()]

    def kill(self) -> None:
        """Kill the parent process alone."""
        self._process.kill()
        self._process.wait()

    def down(self) -> None:
        """Kill it whole, and have it stay away."""
        self.wanted = False
        self.kill_groups()
        self._process.wait()

    def up(self) -> None:
        self.wanted = True
        self.start()

    def kill_groups(self) -> None:
        for group in self.groups:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)


class System:
    """Redis, proxy and roles; `hosts` are the execution hosts, of which each has its execute and monitor roles."""

    def __init__(
        self,
        redis_program: str,
        folder: Path,
        host: str,
        *,
        fsync: str = "everysec",
        slots: int = 2,
        roles: Sequence[str] = ROLES,
        program: Sequence[str] = ("-m", "windtunnel_worker"),
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.folder, self.host, self.slots = folder, host, slots
        self.logs = folder / "logs"
        self.logs.mkdir(parents=True)
        (folder / "tmp").mkdir()
        self.redis = RedisProcess(redis_program, folder / "redis", fsync)
        self.redis.await_ready()
        port = free_port()
        self.proxy = Proxy(port, self.redis.port)
        self.direct_url = address("producer", self.redis.port)
        self.variables = {
            "WINDTUNNEL_REDIS_URL": address("worker", port),
            "WINDTUNNEL_DATA_DIR": str(folder / "data"),
            "WINDTUNNEL_LOCK_DIR": str(folder / "locks"),
            "TMPDIR": str(folder / "tmp"),
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            **{name: os.environ[name] for name in ("SANDBOX_DEFAULT_IMAGE", "DOCKER_HOST") if name in os.environ},
            **(variables or {}),
        }
        self._program = program
        self.roles: dict[str, Role] = {}
        self.keep_redis = True
        self._over = threading.Event()
        for name in roles:
            self.start(name)
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()

    def start(self, name: str, host: str = "", program: Sequence[str] = ()) -> Role:
        """Start a role; host and program are those of the system unless said otherwise."""
        width = {"execute": self.slots, "validate": 1, "monitor": 8, "finalize": 2}[name]
        variables = {**self.variables, "WINDTUNNEL_HOST": host or self.host}
        key = f"{name}@{host}" if host else name
        self.roles[key] = Role(name, variables, self.logs / f"{key}.log", program or self._program, width)
        return self.roles[key]

    def _keep(self) -> None:
        while not self._over.wait(KEEP_EVERY_S):
            if self.keep_redis and not self.redis.running:
                self.redis.start()
            for role in list(self.roles.values()):
                if role.wanted and not role.running:
                    role.start()

    def connect(self) -> Any:
        """A connection past the proxy."""
        return self.redis.connect()

    def client(self) -> Client:
        """A client past the proxy."""
        return Client(self.direct_url)

    def await_slots(self, count: int | None = None) -> None:
        """Wait until a host has said that it is there."""
        with self.client() as client:
            until(lambda: sum(host.live for host in client.hosts()) >= (count or 1), "an execution host is there")

    def held_by(self, pids: Iterable[int]) -> frozenset[str]:
        """The jobs that sessions of these processes hold."""
        wanted = {str(pid) for pid in pids}
        with self.connect() as keys:
            sessions = [key for key in keys.scan_iter(f"{PREFIX}:held:*") if key.decode().split(":")[-2] in wanted]
            return frozenset(job.decode() for key in sessions for job in keys.hkeys(key))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End everything; sandboxes are removed too."""
        self._over.set()
        self._keeper.join()
        self.proxy.restore()
        for role in self.roles.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(role.pid, signal.SIGCONT)
                os.kill(role.pid, signal.SIGTERM)
        processes = [psutil.Process(role.pid) for role in self.roles.values() if psutil.pid_exists(role.pid)]
        psutil.wait_procs(processes, timeout=30)
        for role in self.roles.values():
            role.kill_groups()
            role.kill()
        self.proxy.__exit__()
        self.redis.stop()

    def remove_what_is_left(self) -> int:
        """Remove sandboxes as a host does that starts again; returns how many it had to remove after the reaper."""
        for host in {self.host, *(key.partition("@")[2] or self.host for key in self.roles)}:
            deadline = time.monotonic() + 60
            while list_sandboxes(host) and time.monotonic() < deadline:
                Reaper(host).reap()
        return sum(
            remove_sandboxes(host) for host in {self.host, *(key.partition("@")[2] or self.host for key in self.roles)}
        )


def _answers(keys: Any) -> bool:
    try:
        return bool(keys.ping())
    except (redis.ConnectionError, redis.BusyLoadingError, redis.TimeoutError):
        return False
