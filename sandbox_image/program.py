"""What happens in a program's own process: its globals, its run as `__main__`, how it leaves.

Standard library only. Nothing here is trusted: the program can change all of it in its own process.
"""

from __future__ import annotations

import atexit
import builtins
import linecache
import math
import os
import random
import resource
import sys
import threading
import time
import types
from typing import Any, NoReturn

import failures
import figures
import foreign
import habits
from failures import PROGRAM
from folder import FOLDER
from frames import Datasets
from reporter import Reporter


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
    os.mkdir(FOLDER)
    os.chdir(FOLDER)
    habits.settle(job["cpus"])
    try:
        exec(compile(source, PROGRAM, "exec", dont_inherit=True), module.__dict__)  # noqa: S102
        code = 0
    except SystemExit as leaving:
        code = _exit_code(leaving)
    except BaseException as error:  # noqa: BLE001 - whatever a program raises is its result
        failures.report(error, lines, reporter)
        code = 1
    figures.keep_open_ones(reporter)
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


def _seed(seed: int) -> None:
    random.seed(seed)
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(seed)
