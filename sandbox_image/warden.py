"""The warden: process 1 of a sandbox. It runs one program in a child process and tells the host how it went.

Standard library only. It reads frames from its stdin and writes frames to its stdout; its stderr carries its own
faults. A frame is one byte of kind, four bytes of length (big-endian) and the payload.

    kind  from    payload
    R     warden  ready: JSON {"versions": {name: version}}; sent once, after the imports named in argv
    J     host    the job: JSON {code, params, datasets {name: path}, seed, timeout_s, cpu_time_s, output_bytes};
                  for another language than Python also {program}, see windtunnel_foreign.py
    S     warden  the program's first line is about to run: empty
    O, E  warden  bytes of the program's stdout, stderr, in the order they were read; cut at output_bytes each
    V     warden  one `emit`: JSON {name: value}, as the program's process wrote it
    F     warden  the program's uncaught exception: JSON {type, message, line, source, traceback, errno,
                  memory}
    X     warden  the end: JSON {exit_code, signal, timed_out, flooded, duration_s, cpu_time_s, stdout_bytes,
                  stderr_bytes, values_dropped}; of a program that did not compile also {stage: "compile",
                  compile_timed_out}, with the compiler's words in E and no S before it

The host treats every byte as hostile, as the program may take over its own process. The program can not reach the
warden's: it holds none of its descriptors, may not trace it, and cannot signal process 1. When the host goes
away, stdin ends, and so does the sandbox.
"""

from __future__ import annotations

import atexit
import builtins
import contextlib
import ctypes
import errno
import importlib
import json
import linecache
import math
import os
import random
import resource
import select
import signal
import struct
import sys
import threading
import time
import traceback
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn

import windtunnel_foreign as foreign

HEADER = struct.Struct(">cI")
MAX_JOB_BYTES = 4 * 1024 * 1024
MAX_RECORD_BYTES = 512 * 1024
"""One `emit` or one exception."""
MAX_RECORDS_BYTES = 1024 * 1024
"""All of them together; what is more is dropped and counted."""
FLOOD_FACTOR = 16
"""A program that writes this many times what is kept of its output is stopped."""
IDLE_S = 900.0
"""A sandbox that gets no job for so long ends itself."""
DRAIN_S = 1.0
"""How long what is left in the pipes is read after the program's end."""
MAX_DEPTH = 20
PROGRAM = "strategy.py"
PR_SET_DUMPABLE = 4


def main() -> None:
    """Preload, announce, take one job, run it, report."""
    if os.getpid() != 1:
        raise SystemExit("warden: runs only as process 1 of a sandbox, as it kills all other processes")
    host = Host(os.dup(0), os.dup(1))
    _redirect_to_null(0, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # process 1 hears only signals it handles; Python handles this one
    _dumpable(False)
    versions = preload(sys.argv[1:])
    host.send(b"R", json.dumps({"versions": versions}).encode())
    job = host.read_job()
    if job is not None and ("program" not in job or foreign.prepare(host, job, _expose)):
        supervise(host, job)


def preload(names: list[str]) -> dict[str, str]:
    """Import what the job will import, before its clock runs. Returns what is loaded, with versions."""
    versions = {"python": ".".join(map(str, sys.version_info[:3])), **foreign.versions()}
    for name in names:
        with contextlib.suppress(ImportError):
            module = importlib.import_module(name)
            versions[name] = str(getattr(module, "__version__", ""))
    return versions


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

    def read_job(self) -> dict[str, Any] | None:
        """The job, or None when the host went away or let the sandbox idle too long."""
        if not select.select([self.source], [], [], IDLE_S)[0]:
            return None
        header = self._read(HEADER.size)
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

    def __init__(self, fd: int, host: Host) -> None:
        self.fd, self._host = fd, host
        self._line = bytearray()
        self._total = 0
        self.dropped = 0
        self.flooded = False

    def take(self, chunk: bytes) -> None:
        """Handle what was read."""
        *ended, rest = chunk.split(b"\n")
        for part in ended:
            self._line += part
            self._forward()
        self._line += rest[: MAX_RECORD_BYTES + 1 - len(self._line)]

    def _forward(self) -> None:
        line, self._line = bytes(self._line), bytearray()
        kind = line[:1]
        self._total += len(line)
        if kind not in (b"V", b"F") or len(line) > MAX_RECORD_BYTES or self._total > MAX_RECORDS_BYTES:
            self.dropped += 1
        else:
            self._host.send(kind, line[1:])


def supervise(host: Host, job: dict[str, Any]) -> None:
    """Fork the program, forward what it says until it ends or must be ended, and report."""
    pipes = [os.pipe() for _ in range(3)]
    before = _children_cpu_s()  # a compiler's
    host.send(b"S")
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        host.close()
        _become_program([write for _, write in pipes], [read for read, _ in pipes], job)
    for _, write in pipes:
        os.close(write)
    out, err, values = (read for read, _ in pipes)
    stdout = Output(out, b"O", job["output_bytes"], host)
    stderr = Output(err, b"E", job["output_bytes"], host)
    records = Records(values, host)

    ending = _Ending(child, deadline=started + job["timeout_s"])
    _pump(host, ending, [stdout, stderr, records])
    duration = time.monotonic() - started
    status = ending.status
    host.send(
        b"X",
        json.dumps(
            {
                "exit_code": os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
                "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
                "timed_out": ending.timed_out,
                "flooded": stdout.flooded or stderr.flooded,
                "duration_s": duration,
                "cpu_time_s": _children_cpu_s() - before,
                "stdout_bytes": stdout.total,
                "stderr_bytes": stderr.total,
                "values_dropped": records.dropped,
            }
        ).encode(),
    )


def _children_cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class _Ending:
    """Ends the program, and everything it left behind, exactly once."""

    def __init__(self, child: int, deadline: float) -> None:
        self._child = child
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
        if self.over:
            return
        os.kill(self._child, signal.SIGKILL)
        while not self.over:
            self._reaped(*os.waitpid(-1, 0))

    def _reaped(self, pid: int, status: int) -> None:
        if pid != self._child:
            return
        self.status = status
        self.over = True
        self._deadline = time.monotonic() + DRAIN_S
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while True:
                os.waitpid(-1, 0)


def _pump(host: Host, ending: _Ending, channels: list[Output | Records]) -> None:
    """Forward the channels until the program is over and they are empty."""
    wake = _wake_on_child()
    ending.notice()
    open_channels = {channel.fd: channel for channel in channels}
    while open_channels and not ending.drained:
        ready, _, _ = select.select([*open_channels, wake, host.source], [], [], ending.patience())
        if host.source in ready and not os.read(host.source, 1):
            os._exit(0)
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


# -- the program's own process ---------------------------------------------------------------------------


def _become_program(writes: list[int], reads: list[int], job: dict[str, Any]) -> NoReturn:
    """Never returns: run the program as `__main__` and leave with its exit code."""
    for fd in reads:
        os.close(fd)
    out, err, values = writes
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    os.dup2(out, 1)
    os.dup2(err, 2)
    os.close(out)
    os.close(err)
    _expose()
    if job.get("cpu_time_s"):
        seconds = math.ceil(job["cpu_time_s"])
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    if "program" in job:
        foreign.replace(job, values)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(  # type: ignore[union-attr]
            encoding="utf-8", errors="backslashreplace", line_buffering=True
        )
    code = 70
    try:
        code = run(job, Reporter(values))
    finally:
        os._exit(code)


def _expose() -> None:
    """In a child: no longer hidden from others, and the first to go when memory runs out."""
    _dumpable(True)
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")


class Reporter:
    """Writes records to the value pipe."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def write(self, kind: bytes, payload: Mapping[str, Any]) -> None:
        """Send one record; `ValueError` if it is too large."""
        line = kind + json.dumps(payload).encode() + b"\n"
        if len(line) > MAX_RECORD_BYTES:
            raise ValueError(f"{len(line):,} bytes of JSON; at most {MAX_RECORD_BYTES:,} are taken")
        view = memoryview(line)
        while view:
            view = view[os.write(self._fd, view) :]

    def emit(self, **values: Any) -> None:
        """Return structured values from a strategy: numbers, text, lists, dicts, arrays, Series."""
        for name, value in values.items():
            try:
                self.write(b"V", {name: plain(value)})
            except (TypeError, ValueError) as error:
                raise type(error)(f"emit({name}=…): {error}") from None


def run(job: dict[str, Any], reporter: Reporter) -> int:
    """Run the program's text and return its exit code; an exception is reported and gives 1."""
    module = types.ModuleType("__main__")
    module.__dict__.update(
        __builtins__=builtins,
        __file__=PROGRAM,
        data=Datasets(job["datasets"]),
        params=job["params"],
        emit=reporter.emit,
    )
    sys.modules["__main__"] = module
    sys.argv = [PROGRAM]
    source = job["code"]
    lines = source.splitlines(keepends=True)
    linecache.cache[PROGRAM] = (len(source), None, lines, PROGRAM)
    _seed(job["seed"])
    try:
        exec(compile(source, PROGRAM, "exec", dont_inherit=True), module.__dict__)  # noqa: S102
        code = 0
    except SystemExit as leaving:
        code = _exit_code(leaving)
    except BaseException as error:  # noqa: BLE001 - whatever a program raises is its result
        _report(error, lines, reporter)
        code = 1
    return _leave(code)


def _leave(code: int) -> int:
    """What the interpreter does at its end: join threads, run exit hooks, flush."""
    try:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001 - a broken hook or a closed stdout must not hide the result
        return code or 1
    return code


def _exit_code(leaving: SystemExit) -> int:
    if leaving.code is None:
        return 0
    if isinstance(leaving.code, int):
        return leaving.code & 0xFF
    print(leaving.code, file=sys.stderr)
    return 1


def _report(error: BaseException, lines: list[str], reporter: Reporter) -> None:
    """Print the traceback as Python does and send the host the place and the reason."""
    with contextlib.suppress(BaseException):
        trace = error.__traceback__.tb_next if error.__traceback__ else None
        text = "".join(traceback.format_exception(type(error), error, trace, limit=-12))
        line = error.lineno if isinstance(error, SyntaxError) and error.filename == PROGRAM else None
        for frame in traceback.extract_tb(trace):
            if frame.filename == PROGRAM:
                line = frame.lineno
        reporter.write(
            b"F",
            {
                "type": type(error).__name__,
                "message": str(error)[:4096],
                "line": line,
                "source": lines[line - 1].strip()[:200] if line and line <= len(lines) else "",
                "traceback": text[-16384:],
                "errno": error.errno if isinstance(error, OSError) else None,
                "memory": isinstance(error, MemoryError),
            },
        )
        sys.stderr.write(text)


class Datasets(Mapping[str, Any]):
    """The job's datasets by name, each read into a data frame when first touched.

    Of a CSV file the first column is the index, read as dates where it can be.
    """

    def __init__(self, paths: Mapping[str, str]) -> None:
        self._paths = dict(paths)
        self._loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._paths:
            names = ", ".join(sorted(self._paths)) or "none; name them in the job's `datasets`"
            raise KeyError(f"{name!r} is not among this job's datasets: {names}")
        if name not in self._loaded:
            self._loaded[name] = _read_frame(self._paths[name])
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)

    def __repr__(self) -> str:
        return f"data({', '.join(self._paths)})"


def _read_frame(path: str) -> Any:
    pandas = importlib.import_module("pandas")
    if path.endswith(".parquet"):
        return pandas.read_parquet(path)
    return pandas.read_csv(path, index_col=0, parse_dates=True)


def plain(value: Any, depth: int = 0) -> Any:
    """A value as JSON types; arrays and frames by their own `tolist` and `to_dict`; NaN and inf as null."""
    if depth > MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH}")
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int):
        return int(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item, depth + 1) for item in value]
    converter = _converter(value)
    if converter is None:
        raise TypeError(f"cannot send a {type(value).__name__}; give numbers, text, lists or dicts")
    return plain(converter(), depth + 1)


def _converter(value: Any) -> Callable[[], Any] | None:
    for name in ("isoformat", "to_dict", "tolist", "item"):
        method = getattr(value, name, None)
        if callable(method):
            return method  # type: ignore[no-any-return]
    return None


def _seed(seed: int) -> None:
    random.seed(seed)
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(seed)


def _redirect_to_null(*fds: int) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for fd in fds:
        os.dup2(null, fd)
    os.close(null)


def _dumpable(yes: bool) -> None:
    """While off, /proc/1 belongs to root: the program cannot open the warden's memory or descriptors."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, int(yes), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno() or errno.EPERM, "prctl(PR_SET_DUMPABLE)")


if __name__ == "__main__":
    main()
