"""What happens in a program's own process: its globals, its run as `__main__`, how it leaves.

Standard library only. Nothing here is trusted: the program can change all of it in its own process.
"""

from __future__ import annotations

import atexit
import builtins
import contextlib
import faulthandler
import io
import linecache
import math
import os
import random
import resource
import sys
import threading
import time
import traceback
import types
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import checking
import failures
import figures
import filenames
import foreign
import habits
import lastwords
import positions
from failures import PROGRAM
from folder import FOLDER
from frames import Datasets
from reporter import Reporter

EXIT_UNWRITTEN = 120
"""As Python's own, where the last output could not be written."""


def prepare() -> None:
    """Do once what every program needs: all are forks of the process that has done it."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(  # type: ignore[union-attr]
            encoding="utf-8", errors="backslashreplace", line_buffering=True
        )
    faulthandler.enable()  # a crash is reported with its line
    lastwords.listen()
    habits.settle(1)


def become(pipes: list[int], job: dict[str, Any]) -> NoReturn:
    """Never returns: run the program as `__main__` and leave with its exit code."""
    out, err, values = pipes
    os.dup2(out, 1)
    os.dup2(err, 2)
    stdin = os.open(os.devnull, os.O_RDONLY)  # of its own: flags set on it would stay for a cell's later jobs
    os.dup2(stdin, 0)
    for fd in (out, err, stdin):
        os.close(fd)
    if job.get("cpu_time_s"):
        seconds = math.ceil(job["cpu_time_s"] + time.process_time())  # this process may have preloaded
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    if "program" in job:
        foreign.replace(job, values)
    os.dup2(values, lastwords.RECORDS, inheritable=False)
    os.close(values)
    code = 70
    try:
        code = run(job, Reporter(lastwords.RECORDS))
    finally:
        os._exit(code)


def run(job: dict[str, Any], reporter: Reporter) -> int:
    """Run a job's program, end as the interpreter does and return its exit code."""
    module = types.ModuleType("__main__")
    code = perform(job, module, Datasets(job["datasets"]), reporter)
    figures.keep_open_ones(reporter)
    return _leave(code, module)


def perform(job: dict[str, Any], module: types.ModuleType, data: Datasets, reporter: Reporter) -> int:
    """Run the program's text as this module and return its exit code; an exception is reported and gives 1."""
    sys.argv = [PROGRAM]
    source = job["code"]
    lines = list(io.StringIO(source, newline=None))  # as Python counts them: a form feed ends none
    linecache.cache[PROGRAM] = (len(source), None, lines, PROGRAM)
    habits.settle(job["cpus"])
    try:
        if job.get("probes"):
            checking.run(job, reporter, _returned)
        filenames.settle(data, job["aliases"])
        os.mkdir(FOLDER)
        os.chdir(FOLDER)
        _begin(module, job, data, reporter.emit)
        _execute(source, module)
        signals = module.__dict__.get("signals")
        if callable(signals):
            returned = signals(*positions.arguments(signals, data, job["params"]))
            reporter.positions(positions.encode(returned, data))
        return 0
    except SystemExit as leaving:
        return _exit_code(leaving, lines, reporter)
    except BaseException as error:  # noqa: BLE001 - whatever a program raises is its result
        near = _line_of(module.__dict__.get("signals"))
        failures.report(error, lines, reporter, near, lambda key, line: _key_like(key, line, data, job["params"]))
        return 1


def _begin(module: types.ModuleType, job: dict[str, Any], data: Datasets, emit: Callable[..., None]) -> None:
    """Make a module the program's `__main__`, with its globals and seeds."""
    module.__dict__.update(__builtins__=builtins, __file__=PROGRAM, data=data, params=job["params"], emit=emit)
    sys.modules["__main__"] = module
    _seed(job["seed"])


def _execute(source: str, module: types.ModuleType) -> None:
    """Run the program's text to its end, which `sys.exit(main())` is as well where `main` says that all went well."""
    try:
        exec(compile(source, PROGRAM, "exec", dont_inherit=True), module.__dict__)  # noqa: S102
    except SystemExit as leaving:
        if not (leaving.code is None or (isinstance(leaving.code, int) and leaving.code == 0)):
            raise


def _returned(job: dict[str, Any], data: Datasets) -> bytes:
    """What `signals` returns on other data: in a process of its own, as the program changes the one it runs in."""
    module = types.ModuleType("__main__")
    filenames.settle(data, job["aliases"], changed=True)
    _begin(module, job, data, lambda *_, **__: None)
    _execute(job["code"], module)
    signals = module.__dict__["signals"]
    return positions.encode(signals(*positions.arguments(signals, data, job["params"])), data)


def _key_like(key: Any, line: str, data: Datasets, params: Mapping[str, Any]) -> str:
    """What is there in place of a key: a column that it almost names, or the parameters if the line reads one."""
    if f"params[{key!r}]".replace("'", '"') in line.replace("'", '"') and key not in params:
        return f"params has {', '.join(params)}"[:1000] if params else "the job has no params"
    return data.column_like(key)


def _line_of(signals: Any) -> int | None:
    return signals.__code__.co_firstlineno if type(signals) is types.FunctionType else None


def _leave(code: int, module: types.ModuleType) -> int:
    """What the interpreter does at its end; what fails there is printed on stderr.

    It joins threads, runs exit hooks, lets go of the program's objects so that its open files are written, and flushes.
    """
    steps = [threading._shutdown, atexit._run_exitfuncs]  # type: ignore[attr-defined]
    if threading.active_count() == 1:  # a daemon thread would complain of names that are gone
        steps.append(module.__dict__.clear)
    for step in steps:
        try:
            step()
        except BaseException:  # noqa: BLE001 - a thread or a hook must not hide the result
            with contextlib.suppress(BaseException):
                traceback.print_exc()
            code = code or 1
    for stream in (sys.stdout, sys.__stdout__, sys.stderr, sys.__stderr__):
        try:
            if stream is not None and not stream.closed:
                stream.flush()
        except BaseException as error:  # noqa: BLE001 - its output is lost, so it did not succeed
            with contextlib.suppress(BaseException):
                os.write(2, f"the last output could not be written: {failures.text_of(error)}\n".encode())
            code = code or EXIT_UNWRITTEN
    return code


def _exit_code(leaving: SystemExit, lines: list[str], reporter: Reporter) -> int:
    """The exit code; a reason in its place is printed and reported."""
    if leaving.code is None:
        return 0
    if isinstance(leaving.code, int):
        return leaving.code & 0xFF if abs(leaving.code) < 2**63 else 0xFF  # as CPython does
    reason = failures.text_of(leaving.code)
    failures.report_exit(reason, leaving, lines, reporter)
    with contextlib.suppress(BaseException):
        sys.stderr.write(f"{reason}\n")
    return 1


def _seed(seed: int) -> None:
    random.seed(seed)
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(seed)
