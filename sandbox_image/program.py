"""What happens in a program's own process: its globals, its run as `__main__`, what it sends back.

Standard library only. Nothing here is trusted: the program can change all of it in its own process.
"""

from __future__ import annotations

import atexit
import base64
import builtins
import contextlib
import importlib
import json
import linecache
import math
import os
import random
import resource
import stat
import sys
import threading
import time
import traceback
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn

import foreign

PROGRAM = "strategy.py"
MAX_RECORD_BYTES = 768 * 1024
"""One `emit`, one artifact in base64, or one exception."""
MAX_MEMBERS_BYTES = MAX_RECORD_BYTES - 8
"""The values of one record, less what encloses them."""
MAX_DEPTH = 20
ARTIFACTS = "/tmp/artifacts"  # noqa: S108 - inside the sandbox
MAX_ARTIFACTS = 16
MAX_ARTIFACT_BYTES = 512 * 1024

_frames: dict[str, Any] = {}
"""Datasets read before the fork: each job finds them as they were read."""


def preload_frames(paths: Mapping[str, str]) -> None:
    """Read datasets before any job; one that cannot be read is left for the job to find out."""
    for name, path in paths.items():
        with contextlib.suppress(Exception):
            _frames[name] = _read_frame(path)


def rehearse() -> None:
    """Do once what most strategies do, so that no job pays for what pandas loads and keeps when it is first used."""
    pandas = sys.modules.get("pandas")
    if pandas is None:
        return
    days = pandas.date_range("2000-01-03", periods=8)
    prices = pandas.DataFrame({"Close": [float(day) for day in range(1, 9)]}, index=days)["Close"]
    average = prices.ewm(span=3).mean() - prices.rolling(3).mean()
    position = (average > 0).astype(float).shift(1).fillna(0)
    returns = prices.pct_change().fillna(0) * position
    (returns.mean(), returns.std(), (1 + returns).cumprod().iloc[-1], returns.cummax(), returns.diff())


def become(pipes: list[int], job: dict[str, Any]) -> NoReturn:
    """Never returns: run the program as `__main__` and leave with its exit code."""
    out, err, values = pipes
    os.dup2(out, 1)
    os.dup2(err, 2)
    os.close(out)
    os.close(err)
    if job.get("cpu_time_s"):
        seconds = math.ceil(job["cpu_time_s"] + time.process_time())  # this process may have preloaded
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


class Reporter:
    """Writes records to the value pipe."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def write(self, kind: bytes, payload: Mapping[str, Any]) -> None:
        """Send one record; `ValueError` if it is too large."""
        self._send(kind + json.dumps(payload).encode() + b"\n")

    def _send(self, line: bytes) -> None:
        if len(line) > MAX_RECORD_BYTES:
            raise ValueError(f"{len(line):,} bytes of JSON; at most {MAX_RECORD_BYTES:,} are taken")
        view = memoryview(line)
        while view:
            view = view[os.write(self._fd, view) :]

    def emit(self, **values: Any) -> None:
        """Return structured values from a strategy: numbers, text, lists, dicts, arrays, Series.

        What can be sent is sent; then `TypeError` or `ValueError` names each value that cannot, and why.
        """
        members, size = list[bytes](), 0
        refused: dict[str, Exception] = {}
        for name, value in values.items():
            try:
                member = _member(name, value)
            except MemoryError:
                raise
            except Exception as error:  # noqa: BLE001 - the value's own methods are called, which may raise anything
                refused[name] = error
                continue
            if members and size + len(member) > MAX_MEMBERS_BYTES:
                self._send(b"V{" + b",".join(members) + b"}\n")
                members, size = [], 0
            members.append(member)
            size += len(member) + 1
        if members:
            self._send(b"V{" + b",".join(members) + b"}\n")
        if refused:
            raise _refusal(refused, kept=len(values) - len(refused))

    def artifacts(self) -> None:
        """Send the regular files of the artifacts directory, as many and as large as are taken."""
        for entry in sorted(os.scandir(ARTIFACTS), key=lambda entry: entry.name)[:MAX_ARTIFACTS]:
            fd = os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with open(fd, "rb") as file:
                status = os.fstat(fd)
                if stat.S_ISREG(status.st_mode) and status.st_size <= MAX_ARTIFACT_BYTES:
                    content = base64.b64encode(file.read(MAX_ARTIFACT_BYTES)).decode()
                    self.write(b"A", {"name": entry.name, "content": content})


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
    os.mkdir(ARTIFACTS)
    try:
        exec(compile(source, PROGRAM, "exec", dont_inherit=True), module.__dict__)  # noqa: S102
        code = 0
    except SystemExit as leaving:
        code = _exit_code(leaving)
    except BaseException as error:  # noqa: BLE001 - whatever a program raises is its result
        _report(error, lines, reporter)
        code = 1
    with contextlib.suppress(OSError, ValueError):
        reporter.artifacts()
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
    sys.stderr.write(f"{leaving.code}\n")
    return 1


def _report(error: BaseException, lines: list[str], reporter: Reporter) -> None:
    """Print the traceback as Python does and send the host the place and the reason."""
    with contextlib.suppress(BaseException):
        trace = error.__traceback__.tb_next if error.__traceback__ else None
        text = "".join(traceback.format_exception(type(error), error, trace, limit=-12))
        line = error.lineno if isinstance(error, SyntaxError) and error.filename == PROGRAM else None
        frames = traceback.extract_tb(trace)
        for frame in frames:
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
                "processes": _refused_a_process(error, (frames[-1].line if frames else None) or ""),
            },
        )
        sys.stderr.write(text)


def _refused_a_process(error: BaseException, raised_by: str) -> bool:
    """True when it is what Python raises where the kernel refuses a further process or thread."""
    if isinstance(error, BlockingIOError):
        return "fork" in raised_by or "spawn" in raised_by  # by others it means a pipe or socket that is not ready
    return isinstance(error, RuntimeError) and str(error) == "can't start new thread"


class Datasets(Mapping[str, Any]):
    """The job's datasets by name, each read into a data frame when first touched.

    Of a CSV file the first column is the index, read as dates where it can be.
    """

    def __init__(self, paths: Mapping[str, str]) -> None:
        self._paths = dict(paths)
        self._loaded = {name: frame for name, frame in _frames.items() if name in self._paths}

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
    columns = f"{os.path.splitext(path)[0]}.arrow"
    return read_columns(columns) if os.path.exists(columns) else read_file(path)


def read_columns(path: str) -> Any:
    """A frame out of Arrow memory that columns.py wrote; all of it can be written to."""
    feather = importlib.import_module("pyarrow.feather")
    frame = feather.read_table(path, memory_map=True, use_threads=False).to_pandas(use_threads=False)
    for number in range(frame.shape[1]):
        column = frame.iloc[:, number]
        if not column.to_numpy().flags.writeable:
            frame.isetitem(number, column.copy())
    return frame


def read_file(path: str) -> Any:
    """A frame out of a dataset's file."""
    pandas = importlib.import_module("pandas")
    if path.endswith(".parquet"):
        return pandas.read_parquet(path)
    return pandas.read_csv(path, index_col=0, parse_dates=True)


def _member(name: str, value: Any) -> bytes:
    """One value as a member of a JSON object; `ValueError` if it is too large for a record."""
    member = f"{json.dumps(name)}: {json.dumps(plain(value))}".encode()
    if len(member) > MAX_MEMBERS_BYTES:
        raise ValueError(f"{len(member):,} bytes of JSON; at most {MAX_MEMBERS_BYTES:,} are taken")
    return member


def _refusal(refused: Mapping[str, Exception], kept: int) -> Exception:
    """The error that names each value that was not sent, of the first one's type where a caller may expect it."""
    first = next(iter(refused.values()))
    kind = type(first) if type(first) in (TypeError, ValueError) else TypeError
    reasons = "; ".join(f"emit({name}=…): {error}" for name, error in refused.items())
    return kind(reasons + ("; the other values were kept" if kept else ""))


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
