"""The process that programs are forks of: it has imported and read beforehand what they need.

Standard library only. The warden starts it and passes it the pipes of each program; it reports how the program ended.
In a cell it is there before any job and never sees one: only the waiting fork reads the job, from the last of those
pipes, so that no later fork finds it in its memory.

In a sandbox that is used once it forks nothing and becomes the program itself. It then has the pipes from its start; in
a cell the warden passes them.

On the socket between the two, in JSON, with descriptors beside it:

    from the interpreter   {versions: {name: version}, cpu_time_s}   once, when everything is preloaded
    from the warden        {user: id}; in a cell stdout, stderr, values, job
    from the interpreter   {status, cpu_time_s}                      of a fork: as `wait` says it

Where the job names imports, the program's process begins with them and writes a line, I{versions: {name: version}}, to
its values pipe before the program's first line.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import json
import os
import resource
import select
import signal
import socket
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import filenames
import frames
import libraries
import program
import rehearsal
from cleanup import ask
from rights import become

IMPORTED = b"I"
"""What the first line on the values pipe begins with where the job names imports."""
MAX_MESSAGE_BYTES = 65_536
PIPE_BYTES = 65_536
"""What a pipe holds: no read of one gives more."""


@dataclass(frozen=True)
class Preload:
    """What is there before the first job."""

    modules: Sequence[str]
    frames: Mapping[str, str]
    """Datasets to read: name → path."""


class Interpreter:
    """The warden's side of that process. With `single` there will be one program, which the process becomes."""

    def __init__(self, preload: Preload, first_user: int, *, single: bool) -> None:
        self._preload, self._first_user, self.single = preload, first_user, single
        self._pid = 0
        self._preloading_s = 0.0
        self._line, self._far_line = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._outputs: list[int] = []
        self._job = -1
        self._wake = _wake_on_child()
        self.cpu_time_s = 0.0
        """Of the program launched last and all the processes that it left behind."""

    def start(self) -> dict[str, str]:
        """Returns what it has preloaded, with versions; `EOFError` if it ended over that."""
        pipes = self._make_pipes(self._first_user) if self.single else []
        self._pid = os.fork()
        if self._pid == 0:
            _live(self._far_line, self._preload, pipes)
        self._far_line.close()
        _close(pipes)
        message = self._line.recv(MAX_MESSAGE_BYTES)
        if not message:
            raise EOFError("the interpreter ended while it preloaded")
        ready = json.loads(message)
        self._preloading_s = ready["cpu_time_s"]
        return dict(ready["versions"])

    @property
    def sources(self) -> list[int]:
        """Descriptors that become readable when `poll` has something to find."""
        return [fd for fd in (self._wake, self._line.fileno()) if fd >= 0]

    def launch(self, user: int, job: bytes) -> list[int]:
        """Have it run a program. Returns the descriptors from which to read its stdout, stderr and values."""
        if self._pid == 0:
            self.start()
        if self._reported() is not None:
            raise SystemExit("warden: the interpreter's fork ended before it had a job")
        self.cpu_time_s = 0.0
        pipes = [] if self.single else self._make_pipes(user)
        message = json.dumps({"user": user}).encode()
        with contextlib.suppress(ConnectionError):  # it has ended, as `poll` will find
            socket.send_fds(self._line, [message], pipes)
        _close(pipes)
        with contextlib.suppress(BrokenPipeError):
            write_all(self._job, job)
        os.close(self._job)
        return self._outputs

    def _make_pipes(self, user: int) -> list[int]:
        """Make a program's pipes and keep this process's ends of them. Returns the others.

        They are the user's own, as a program may open them by name, e.g. /dev/stdout.
        """
        os.seteuid(user)
        out, err, values, (source, self._job) = (os.pipe() for _ in range(4))
        os.seteuid(0)
        self._outputs = [read for read, _ in (out, err, values)]
        return [*(write for _, write in (out, err, values)), source]

    def poll(self) -> int | None:
        """Reap what has ended. Returns the program's wait status if it has ended, else None.

        `SystemExit` if the interpreter ended although further programs are to be forks of it.
        """
        if select.select([self._wake], [], [], 0)[0]:
            os.read(self._wake, 4096)
        status = self._reported()
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, ended, usage = os.wait4(-1, os.WNOHANG)
                if pid == 0:
                    break
                if pid == self._pid:
                    if not self.single:
                        raise SystemExit(f"warden: the interpreter ended, wait status {ended}")
                    self._pid, status = 0, ended
                self.cpu_time_s += _cpu_s(usage)
        if status is not None and self.single:
            self.cpu_time_s = max(0.0, self.cpu_time_s - self._preloading_s)
        return status

    def _reported(self) -> int | None:
        if self._line.fileno() < 0:
            return None
        message = b""
        try:
            message = self._line.recv(MAX_MESSAGE_BYTES, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return None
        except ConnectionError:
            pass
        if not message:  # it became the program, or has ended
            self._line.close()
            return None
        ended = json.loads(message)
        if "fault" in ended:
            raise SystemExit(f"warden: no program can be started ({ended['fault']})")
        self.cpu_time_s += ended["cpu_time_s"]
        return int(ended["status"])

    def ask(self, user: int, by: int) -> None:
        """Have the program write what it holds back and say where it is, by a signal; see lastwords.py."""
        pids = [self._pid] if self.single else [pid for pid in _processes() if _parent(pid) == self._pid]
        for pid in pids:
            if pid > 1:
                ask(pid, user, by)

    def others(self) -> bool:
        """True while there is any other process than the warden, this one and its next fork."""
        return any(self._pid != _parent(pid) for pid in _processes() if pid not in (1, self._pid))


def _processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _parent(pid: int) -> int:
    """The id of a process's parent; 0 where the process has just gone."""
    try:
        return int(_read_file(f"/proc/{pid}/stat").rpartition(b")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def _wake_on_child() -> int:
    """A descriptor that becomes readable when a child ends."""
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return wake


def _live(line: socket.socket, preload: Preload, pipes: list[int]) -> NoReturn:
    """The process itself: preload, announce, become the program of these pipes or fork one after the other.

    A fork is there before its job and waits for it.
    """
    try:
        _close_all_but(line.fileno(), *pipes)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        filenames.watch()
        versions = libraries.load(preload.modules)
        frames.preload_frames(preload.frames)
        program.prepare()
        if not pipes:
            rehearsal.rehearse()
        gc.freeze()
        line.send(
            json.dumps({"versions": versions, "cpu_time_s": _cpu_s(resource.getrusage(resource.RUSAGE_SELF))}).encode()
        )
        while True:
            if pipes or (child := os.fork()) == 0:
                message, passed, _, _ = socket.recv_fds(line, MAX_MESSAGE_BYTES, 4)
                _leave(line, json.loads(message)["user"])
                _run(*(pipes or passed))
            _, status, usage = os.wait4(child, 0)
            line.send(json.dumps({"status": status, "cpu_time_s": _cpu_s(usage)}).encode())
    except BaseException:  # noqa: BLE001 - whatever it is, the host reads it on the sandbox's stderr
        traceback.print_exc()
    finally:
        os._exit(1)


def write_all(fd: int, data: bytes) -> None:
    """Write the whole, as a pipe takes it."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


# The calls of the system itself, as `open` makes five more for each file, and there are some for every program.


def _read_all(fd: int) -> bytes:
    """Read to the end and close."""
    try:
        return b"".join(iter(lambda: os.read(fd, PIPE_BYTES), b""))
    finally:
        os.close(fd)


def _read_file(path: str) -> bytes:
    return _read_all(os.open(path, os.O_RDONLY | os.O_CLOEXEC))


def _close(fds: Sequence[int]) -> None:
    for fd in fds:
        os.close(fd)


def _close_all_but(*kept: int) -> None:
    """Close the connection to the host and all other descriptors of the warden but the standard three."""
    for below, above in itertools.pairwise([2, *sorted(kept), os.sysconf("SC_OPEN_MAX")]):
        os.closerange(below + 1, above)


def _leave(line: socket.socket, user: int) -> None:
    """Become the job's user and close the socket to the warden; if the host does not allow that, report it there."""
    try:
        become(user)
    except OSError as error:
        line.send(json.dumps({"fault": str(error)}).encode())
        os._exit(1)
    line.close()


def _run(out: int, err: int, values: int, source: int) -> NoReturn:
    """Import what the job names, then become the program."""
    job: dict[str, Any] = json.loads(_read_all(source))
    if job["imports"]:
        versions = json.dumps({"versions": libraries.load(job["imports"])}).encode()
        os.write(values, IMPORTED + versions + b"\n")
    program.become([out, err, values], job)


def _cpu_s(usage: resource.struct_rusage) -> float:
    return usage.ru_utime + usage.ru_stime
