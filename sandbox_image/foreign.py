"""Programs in other languages than the warden's own: written down, compiled, and put in a process's place.

Part of the warden: standard library only, installed where the warden can import it. What a language needs is data
that comes with the job, made on the host by `windtunnel_worker.sandbox.languages`:

    program   {source_name, compile: argv or null, compile_timeout_s, run: argv, env: {name: value}}

A program is compiled in `DIRECTORY`, where its own text, `params.json` and `datasets.json` (name → path) lie. It runs
in the working folder, where none of that is, with WINDTUNNEL_PARAMS, WINDTUNNEL_DATASETS (those two paths),
WINDTUNNEL_SEED and WINDTUNNEL_EMIT_FD in its environment.
To that descriptor it writes what it emits: a line `V` and a JSON object.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from folder import FOLDER

if TYPE_CHECKING:
    from host import Host

DIRECTORY = Path("/tmp/job")  # noqa: S108 - /tmp is the sandbox's own
VERSIONS = Path("/opt/windtunnel/versions.json")
"""What the image says of its compilers and runtimes."""
PATH = "/usr/local/bin:/usr/bin:/bin"
KEPT_OUTPUT = 64 * 1024
"""Of what a compiler says; its first errors are the ones that matter."""
TICK_S = 0.02
KEPT_ENVIRONMENT = ("HOME", "TMPDIR", "LANG", "TZ")


def versions() -> dict[str, str]:
    """Names and versions of the image's tools."""
    try:
        return dict(json.loads(VERSIONS.read_text()))
    except FileNotFoundError:
        return {}


def prepare(host: Host, job: Mapping[str, Any], become: Callable[[], None], kill_all: Callable[[], None]) -> bool:
    """Write the program into files and compile it, in a child that first calls `become`. `kill_all` ends that child.

    False if it did not compile; the host then has the compiler's output and an end frame. Raises `SystemExit` if
    `become` failed.
    """
    began = time.monotonic()
    read, write = os.pipe()
    refused, refusal = os.pipe()
    child = os.fork()
    if child == 0:
        _become(become, refusal)
        _compile(job, write)
    os.close(write)
    os.close(refusal)
    build = _Build(child, read, began + job["program"]["compile_timeout_s"], kill_all)
    build.follow(host.source)
    with open(refused, encoding="utf-8") as answer:
        if reason := answer.read():
            raise SystemExit(f"warden: no program can be started ({reason})")
    if build.status == 0:
        return True
    host.send(b"E", bytes(build.output))
    host.send(b"X", json.dumps(_failure(build, time.monotonic() - began)).encode())
    return False


def _become(become: Callable[[], None], refusal: int) -> None:
    """In the child: become the job's user, or say why the host does not allow that. Nothing of the job runs yet."""
    try:
        become()
    except BaseException as error:  # noqa: BLE001 - the child must end here, whatever happened
        os.write(refusal, str(error).encode())
        os._exit(1)
    os.close(refusal)


def _compile(job: Mapping[str, Any], write: int) -> NoReturn:
    """In the child: never returns."""
    os.dup2(write, 1)
    os.dup2(write, 2)
    try:
        _write_down(job)
        argv = job["program"]["compile"]
        if not argv:
            os._exit(0)
        _execute(argv, _environment(job))
    except BaseException as error:  # noqa: BLE001 - the child must end here, whatever happened
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(127)


def _write_down(job: Mapping[str, Any]) -> None:
    DIRECTORY.mkdir(mode=0o700, exist_ok=True)
    os.chdir(DIRECTORY)
    Path(job["program"]["source_name"]).write_text(job["code"], encoding="utf-8")
    for name in ("params", "datasets"):
        Path(f"{name}.json").write_text(json.dumps(job[name]), encoding="utf-8")


class _Build:
    """The compiler at work: what it says, cut, and how it ends."""

    def __init__(self, child: int, read: int, deadline: float, kill_all: Callable[[], None]) -> None:
        self._child, self._read, self._deadline = child, read, deadline
        self._kill_all = kill_all
        self.output = bytearray()
        self.status: int | None = None
        self.timed_out = False

    def follow(self, source: int) -> None:
        """Wait for its end or its deadline, then end whatever it left behind. Without a host there is no point."""
        try:
            while not self._over():
                ready, _, _ = select.select([self._read, source], [], [], TICK_S)
                if source in ready and not os.read(source, 1):
                    os._exit(1)
                self._take(ready)
            while select.select([self._read], [], [], 0)[0] and self._take([self._read]):
                pass
        finally:
            os.close(self._read)

    def _take(self, ready: list[int]) -> bool:
        if self._read not in ready:
            return False
        chunk = os.read(self._read, 65536)
        self.output += chunk[: KEPT_OUTPUT - len(self.output)]
        if not chunk:
            time.sleep(TICK_S / 10)  # it closed its output and works on
        return bool(chunk)

    def _over(self) -> bool:
        if time.monotonic() >= self._deadline:
            self.timed_out = True
            self._kill_all()
        pid, status = os.waitpid(self._child, 0 if self.timed_out else os.WNOHANG)
        if pid == 0:
            return False
        self.status = status
        self._kill_all()
        with contextlib.suppress(ChildProcessError):
            while True:
                os.waitpid(-1, 0)
        return True


def _failure(build: _Build, duration: float) -> dict[str, Any]:
    """The end frame of a program that did not compile."""
    status = build.status or 0
    return {
        "stage": "compile",
        "exit_code": os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
        "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
        "compile_timed_out": build.timed_out,
        "timed_out": False,
        "flooded": False,
        "duration_s": duration,
        "cpu_time_s": 0.0,
        "stdout_bytes": 0,
        "stderr_bytes": len(build.output),
        "records_dropped": 0,
    }


def replace(job: Mapping[str, Any], values: int) -> NoReturn:
    """Put the program in this process's place; what it emits goes to the descriptor `values`."""
    try:
        os.mkdir(FOLDER)
        os.chdir(FOLDER)
        os.set_inheritable(values, True)
        _execute(job["program"]["run"], {**_environment(job), "WINDTUNNEL_EMIT_FD": str(values)})
    except OSError as error:
        os.write(2, f"the program could not be started: {error}\n".encode())
    finally:
        os._exit(127)


def _execute(argv: list[str], environment: Mapping[str, str]) -> None:
    # Python and the warden ignore these, and what is ignored stays so in the program.
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    os.execvpe(argv[0], argv, environment)  # noqa: S606 - running the program is what a sandbox is for


def _environment(job: Mapping[str, Any]) -> dict[str, str]:
    """Nothing of the warden's own but where home is, the language and the time zone."""
    kept = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
    return {
        **kept,
        "PATH": PATH,
        "WINDTUNNEL_PARAMS": str(DIRECTORY / "params.json"),
        "WINDTUNNEL_DATASETS": str(DIRECTORY / "datasets.json"),
        "WINDTUNNEL_SEED": str(job["seed"]),
        **job["program"]["env"],
    }
