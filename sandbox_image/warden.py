"""The warden: process 1 of a sandbox. It runs programs in child processes and tells the host how they went.

Standard library only. It reads frames from its stdin and writes frames to its stdout; its stderr carries its own
faults. A frame is one byte of kind, four bytes of length (big-endian) and the payload.

    kind  from    payload
    R     warden  ready: JSON {"versions": {name: version}}; sent once, after all preloading
    J     host    a job: JSON {code, params, datasets {name: path}, seed, timeout_s, cpu_time_s, output_bytes};
                  for another language than Python also {program}, see foreign.py
    S     warden  the program's first line is about to run: empty
    O, E  warden  bytes of the program's stdout, stderr, in the order they were read; cut at output_bytes each
    V     warden  one `emit`: JSON {name: value}, as the program's process wrote it
    A     warden  one file of /tmp/artifacts: JSON {name, content (base64)}
    F     warden  the program's uncaught exception: JSON {type, message, line, source, traceback, errno, memory}
    X     warden  the end: JSON {exit_code, signal, timed_out, flooded, duration_s, cpu_time_s, stdout_bytes,
                  stderr_bytes, records_dropped, clean}; of a program that did not compile also {stage: "compile",
                  compile_timed_out}, with the compiler's words in E and no S before it

The host treats every byte as hostile, as the program may take over its own process. The program can not reach the
warden's: it holds none of its descriptors, may not trace it, and cannot signal process 1. When the host goes away,
stdin ends, and so does the sandbox.

Started with `--jobs 1` the sandbox is used once and all of it runs as one unprivileged user, unless `--users` parts the
program's from the warden's. Otherwise it is a cell, which serves several jobs one after the other: process 1 is root
with no capability but SETUID and SETGID, holds nothing but the preloaded interpreter, and forks a keeper for each job.
The keeper alone reads the job, so that no later job finds it in its memory; it runs the program under a user id of its
own, and afterwards kills whatever that user runs and removes whatever it owns. A cell that is not clean then (`clean`
false) ends.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import errno
import gc
import importlib
import json
import os
import resource
import select
import shutil
import signal
import struct
import sys
import time
import traceback
from typing import Any

import foreign
import program

HEADER = struct.Struct(">cI")
MAX_JOB_BYTES = 4 * 1024 * 1024
MAX_RECORDS_BYTES = {b"V": 1024 * 1024, b"F": 1024 * 1024, b"A": 4 * 1024 * 1024}
"""All records of a kind together; what is more is dropped and counted."""
FLOOD_FACTOR = 16
"""A program that writes this many times what is kept of its output is stopped."""
IDLE_S = 900.0
"""A sandbox that gets no job for so long ends itself."""
DRAIN_S = 1.0
"""How long what is left in the pipes is read after the program's end."""
FIRST_USER = 20_000
"""User id of a cell's first job; each further job has the next."""
SCRATCH = "/tmp"  # noqa: S108 - the one writable place
PR_SET_DUMPABLE = 4
_LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_CHILD_SUBREAPER = 36


def main() -> None:
    """Preload, announce, serve."""
    if os.getpid() != 1:
        raise SystemExit("warden: runs only as process 1 of a sandbox, as it kills all other processes")
    options = _options()
    host = Host(os.dup(0), os.dup(1))
    _redirect_to_null(0, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # process 1 hears only signals it handles; Python handles this one
    prctl(PR_SET_DUMPABLE, 0)  # /proc/1 belongs to root: no program opens the warden's memory or descriptors
    versions = preload(options.modules)
    program.preload_frames(dict(frame.split("=", 1) for frame in options.frame))
    program.rehearse()
    gc.freeze()
    host.send(b"R", json.dumps({"versions": versions}).encode())
    if options.jobs == 1:
        keep(host, FIRST_USER if options.users else None)
    else:
        serve(host, options.jobs)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--users", action="store_true", help="give each job a user of its own; a cell always does")
    parser.add_argument("--frame", action="append", default=[], help="NAME=PATH of a dataset to load beforehand")
    parser.add_argument("modules", nargs="*", help="what to import beforehand")
    return parser.parse_args()


def preload(names: list[str]) -> dict[str, str]:
    """Import what the job will import, before its clock runs. Returns what is loaded, with versions."""
    versions = {"python": ".".join(map(str, sys.version_info[:3])), **foreign.versions()}
    for name in names:
        with contextlib.suppress(ImportError):
            module = importlib.import_module(name)
            versions[name] = str(getattr(module, "__version__", ""))
    return versions


def serve(host: Host, jobs: int) -> None:
    """Give each job to a keeper of its own, until one leaves the cell unclean."""
    for number in range(jobs):
        if not host.wait():
            return
        keeper = os.fork()
        if keeper == 0:
            status = 1
            try:
                with contextlib.suppress(OSError):  # gVisor has it not: then orphans come to process 1
                    prctl(PR_SET_CHILD_SUBREAPER, 1)
                status = 0 if keep(host, FIRST_USER + number) else 1
            except Exception:  # noqa: BLE001 - the host is told by the warden's stderr, whatever it is
                traceback.print_exc()
            finally:
                os._exit(status)
        status = os.waitpid(keeper, 0)[1]
        _reap_all()
        if status != 0 or os.listdir(SCRATCH):
            return


def _reap_all() -> None:
    """Wait for the end of every child, all of which have been killed."""
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


def keep(host: Host, user: int | None) -> bool:
    """Read one job, run it and report. True when nothing of it is left."""
    job = host.read_job()
    if job is None or ("program" in job and not foreign.prepare(host, job, _expose)):
        return False
    return supervise(host, job, user)


class Host:
    """The frames to and from the host."""

    def __init__(self, source: int, sink: int) -> None:
        self.source = source
        self._sink = sink

    def send(self, kind: bytes, payload: bytes = b"") -> None:
        """Write one frame whole."""
        view = memoryview(HEADER.pack(kind, len(payload)) + payload)
        while view:
            view = view[os.write(self._sink, view) :]

    def wait(self) -> bool:
        """Wait for the next frame. False when the sandbox has idled too long."""
        return bool(select.select([self.source], [], [], IDLE_S)[0])

    def read_job(self) -> dict[str, Any] | None:
        """The job, or None when the host went away or let the sandbox idle too long."""
        header = self._read(HEADER.size) if self.wait() else None
        if header is None:
            return None
        kind, length = HEADER.unpack(header)
        if kind != b"J" or length > MAX_JOB_BYTES:
            raise SystemExit(f"warden: expected a job, got {kind!r} of {length} bytes")
        payload = self._read(length)
        return None if payload is None else dict(json.loads(payload))

    def _read(self, length: int) -> bytes | None:
        data = bytearray()
        while len(data) < length:
            chunk = os.read(self.source, length - len(data))
            if not chunk:
                return None
            data += chunk
        return bytes(data)

    def close(self) -> None:
        """In the program's process: let go of the host."""
        os.close(self.source)
        os.close(self._sink)


class Output:
    """Forwards one output pipe up to its limit and goes on draining it beyond."""

    def __init__(self, fd: int, kind: bytes, limit: int, host: Host) -> None:
        self.fd, self._kind, self._limit, self._host = fd, kind, limit, host
        self.total = 0

    def take(self, chunk: bytes) -> None:
        """Handle what was read."""
        room = max(0, self._limit - self.total)
        if room:
            self._host.send(self._kind, chunk[:room])
        self.total += len(chunk)

    @property
    def flooded(self) -> bool:
        """True when the program writes without an end."""
        return self.total > self._limit * FLOOD_FACTOR


class Records:
    """Forwards the lines of the program's value pipe: a kind byte, then JSON."""

    flooded = False

    def __init__(self, fd: int, host: Host) -> None:
        self.fd, self._host = fd, host
        self._line = bytearray()
        self._room = dict(MAX_RECORDS_BYTES)
        self.dropped = 0

    def take(self, chunk: bytes) -> None:
        """Handle what was read."""
        *ended, rest = chunk.split(b"\n")
        for part in ended:
            self._line += part
            self._forward()
        self._line += rest[: program.MAX_RECORD_BYTES + 1 - len(self._line)]

    def _forward(self) -> None:
        line, self._line = bytes(self._line), bytearray()
        kind = line[:1]
        room = self._room.get(kind, 0)
        if not room or len(line) > min(room, program.MAX_RECORD_BYTES):
            self.dropped += 1
            return
        self._room[kind] = room - len(line)
        self._host.send(kind, line[1:])


def supervise(host: Host, job: dict[str, Any], user: int | None) -> bool:
    """Fork the program, forward what it says until it ends or must be ended, clean up and report."""
    pipes = [os.pipe() for _ in range(3)]
    before = _children_cpu_s()  # a compiler's
    host.send(b"S")
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        host.close()
        for read, _ in pipes:
            os.close(read)
        _drop_to(user)
        program.become([write for _, write in pipes], job)
    for _, write in pipes:
        os.close(write)
    out, err, values = (read for read, _ in pipes)
    stdout = Output(out, b"O", job["output_bytes"], host)
    stderr = Output(err, b"E", job["output_bytes"], host)
    records = Records(values, host)

    ending = Ending(child, user, deadline=started + job["timeout_s"])
    _pump(host, ending, [stdout, stderr, records])
    duration = time.monotonic() - started
    clean = user is not None and _clean_up(user)
    status = ending.status
    end = {
        "exit_code": os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
        "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
        "timed_out": ending.timed_out,
        "flooded": stdout.flooded or stderr.flooded,
        "duration_s": duration,
        "cpu_time_s": _children_cpu_s() - before,
        "stdout_bytes": stdout.total,
        "stderr_bytes": stderr.total,
        "records_dropped": records.dropped,
        "clean": clean,
    }
    host.send(b"X", json.dumps(end).encode())
    return clean


def _drop_to(user: int | None) -> None:
    """In the program's process: become the job's user for good; all capabilities go with that."""
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    _expose()


def _expose() -> None:
    """In a child: no longer hidden from others, and the first to go when memory runs out."""
    prctl(PR_SET_DUMPABLE, 1)
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")


def _children_cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@contextlib.contextmanager
def _acting_as(user: int) -> Any:
    """Use the rights of a job's user. Its processes cannot signal this one: only the effective id changes."""
    os.seteuid(user)
    try:
        yield
    finally:
        os.seteuid(0)


def _clean_up(user: int) -> bool:
    """Remove every file of a job's user. True when the scratch directory is empty."""
    with contextlib.suppress(OSError, RecursionError), _acting_as(user):
        for entry in os.scandir(SCRATCH):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path)
            else:
                os.unlink(entry.path)
    return not os.listdir(SCRATCH)


class Ending:
    """Ends the program, and every process it left behind, exactly once."""

    def __init__(self, child: int, user: int | None, deadline: float) -> None:
        self._child, self._user = child, user
        self._deadline = deadline
        self.status = 0
        self.over = False
        self.timed_out = False

    def patience(self) -> float:
        """Seconds until something must be done: the deadline, or the end of draining."""
        return max(0.0, self._deadline - time.monotonic())

    @property
    def drained(self) -> bool:
        """True when the program is over and its pipes had time to empty."""
        return self.over and self.patience() == 0.0

    def notice(self) -> None:
        """Reap whoever ended, and end the program when its time is over."""
        if not self.over and self.patience() == 0.0:
            self.timed_out = True
            self.force()
        while not self.over:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            self._reaped(pid, status)

    def force(self) -> None:
        """Kill the program and all others."""
        if not self.over:
            self._kill_all()
        while not self.over:
            self._reaped(*os.waitpid(-1, 0))

    def _reaped(self, pid: int, status: int) -> None:
        if pid != self._child:
            return
        self.status = status
        self.over = True
        self._deadline = time.monotonic() + DRAIN_S
        self._kill_all()
        _reap_all()

    def _kill_all(self) -> None:
        """Signal every process but 1 and this one; in a cell, those of the job's user, which are all others."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self._user is None:
                os.kill(-1, signal.SIGKILL)
            else:
                with _acting_as(self._user):
                    os.kill(-1, signal.SIGKILL)


def _pump(host: Host, ending: Ending, channels: list[Output | Records]) -> None:
    """Forward the channels until the program is over and they are empty."""
    wake = _wake_on_child()
    ending.notice()
    open_channels = {channel.fd: channel for channel in channels}
    while open_channels and not ending.drained:
        ready, _, _ = select.select([*open_channels, wake, host.source], [], [], ending.patience())
        if host.source in ready and not os.read(host.source, 1):
            os._exit(1)
        if wake in ready:
            os.read(wake, 4096)
        for fd in open_channels.keys() & set(ready):
            chunk = os.read(fd, 65536)
            if chunk:
                open_channels[fd].take(chunk)
            else:
                del open_channels[fd]
        ending.notice()
        if any(channel.flooded for channel in channels):
            ending.force()
    while not ending.over:  # the program closed its outputs and runs on
        if wake in select.select([wake], [], [], ending.patience())[0]:
            os.read(wake, 4096)
        ending.notice()


def _wake_on_child() -> int:
    """A descriptor that becomes readable when a child ends."""
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return wake


def _redirect_to_null(*fds: int) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for fd in fds:
        os.dup2(null, fd)
    os.close(null)


def prctl(option: int, value: int) -> None:
    """Set a property of this process; `OSError` if the kernel refuses."""
    if _LIBC.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno() or errno.EPERM, f"prctl({option})")


if __name__ == "__main__":
    main()
