"""How programs end: hostile exceptions, groups, threads, exit codes and signals, one after the other in a cell."""

# ruff: noqa: E501 - a program is a row of a table

from __future__ import annotations

import secrets
import textwrap
from collections.abc import Callable, Iterator

import pytest
from tests.support import ENOUGH

from windtunnel.contract import Execution, Isolation, Job, Outcome
from windtunnel_worker.sandbox import Assignment, Executor, images
from windtunnel_worker.settings import host_settings

RunInCell = Callable[[str], Execution]


@pytest.fixture(scope="module")
def in_cell(docker_engine: images.Image) -> Iterator[RunInCell]:
    executor = Executor(host_settings().model_copy(update={"default_image": docker_engine.name}), "ends")

    def run(code: str) -> Execution:
        job = Job(code=textwrap.dedent(code), limits=ENOUGH)
        name = f"test{secrets.token_hex(6)}-0"
        return executor.execute(Assignment(name, 1, job, (), Isolation.CELL, "ends"))

    yield run
    executor.close()


METACLASS = """
    class Meta(type):
        def __getattribute__(cls, name): raise RuntimeError(name)
    class Odd(Exception, metaclass=Meta):
        def __str__(self): raise SystemExit(0)
        __repr__ = __str__
        __class__ = property(lambda self: 1 / 0)
    raise Odd("x")
"""
HUGE = """
    class Odd(OSError):
        errno = property(lambda self: 1 / 0)
        def __str__(self): return "y" * 20_000_000
    raise Odd("x")
"""
RAISED = [
    # code, type, what the message has, what stderr has
    (METACLASS, "Odd", "its __str__ raised SystemExit", 'File "strategy.py", line 8'),
    ("class Odd(Exception):\n  def __str__(self):\n    while True: pass\nraise Odd", "Odd", "takes too long", "line 4"),
    (HUGE, "Odd", "yyyy", "characters left out"),
    ("class Odd(Exception):\n  def __str__(self): return 5\nraise Odd", "Odd", "__str__ raised TypeError", "line 3"),
    ("class Odd(BaseException): pass\nraise Odd", "Odd", "Line 2: Odd", "Odd"),
    ("raise KeyboardInterrupt", "KeyboardInterrupt", "Line 1: KeyboardInterrupt", "KeyboardInterrupt"),
    ("raise SystemExit(3.5)", "SystemExit", "Line 1: SystemExit: 3.5", "3.5\n"),
    ("import sys\nsys.exit({'reason': 'none'})", "SystemExit", "Line 2: SystemExit: {'reason': 'none'}", "{'reason'"),
    (
        "raise ExceptionGroup('a', [ExceptionGroup('b', [KeyError('k')]), OSError(28, 'No space')])",
        "ExceptionGroup", "KeyError: 'k'; OSError: [Errno 28] No space", "KeyError: 'k'",
    ),
    ("g = ValueError('leaf')\nfor _ in range(900): g = ExceptionGroup('g', [g])\nraise g", "ExceptionGroup", "ValueError: leaf", "g (1"),
    ("raise ExceptionGroup('many', [ValueError(n) for n in range(500)])", "ExceptionGroup", "ValueError: 31; …", "ValueError: 0"),
    ("e = ValueError('x')\ne.add_note('look at day 7')\nraise e", "ValueError", "x", "look at day 7"),
    ("try: {}['cause']\nexcept KeyError as e: raise ValueError('outer') from e", "ValueError", "outer", "KeyError: 'cause'"),
    ("e = None\nfor n in range(2000):\n  f = ValueError(n)\n  f.__cause__ = e\n  e = f\nraise e", "ValueError", "1999", "left out"),
    ("x = 'a\u2028b'\n\x0c\n1 / 0", "ZeroDivisionError", "Line 3: ", "line 3, in <module>\n    1 / 0\n"),
    ("emit('sharpe', 1.2)", "TypeError", "emit takes values by name", "emit takes values by name"),
    ("def a(): b()\ndef b(): a()\na()", "RecursionError", "maximum recursion depth", "RecursionError"),
    ("import sys\nsys.excepthook = lambda *_: print('hooked', file=sys.stderr)\n1 / 0", "ZeroDivisionError", "Line 3", "hooked\n"),
    ("import sys\nsys.excepthook = 7\n1 / 0", "ZeroDivisionError", "Line 3", ""),
]  # fmt: skip


def test_every_exception_is_told_whatever_its_class_does(in_cell: RunInCell) -> None:
    for code, kind, told, on_stderr in RAISED:
        execution = in_cell(code)
        assert (execution.outcome, execution.exit_code) == (Outcome.FAILED, 1), code
        assert execution.error is not None, code
        assert execution.error.type == kind, code
        assert told in execution.message, code
        assert on_stderr in execution.stderr, code
        assert len(execution.error.traceback) <= 16_384
        assert execution.stderr_bytes < 20_000


ENDS = [
    # code, outcome, what the message has, what stderr has
    ("import os\nos._exit(0)", "succeeded", "", ""),
    ("import os\nos._exit(137)", "failed", "code 137, as a shell does after a command's signal 9, SIGKILL", ""),
    ("import sys\nsys.exit(2)", "failed", "code 2: ", ""),
    ("import sys\nsys.exit(True)", "failed", "code 1: it gave no reason", ""),
    ("raise SystemExit(2**70)", "failed", "code 255", ""),
    ("import threading\nt = threading.Thread(target=lambda: 1 / 0)\nt.start()\nt.join()", "succeeded", "", "ZeroDivisionError"),
    ("import sys, threading\nt = threading.Thread(target=sys.exit, args=('x',))\nt.start()\nt.join()", "succeeded", "", ""),
    ("import atexit\natexit.register(lambda: 1 / 0)\natexit.register(print, 'other hook')", "succeeded", "", "ZeroDivisionError"),
    ("import asyncio\nasync def bad(): raise KeyError('task')\nasync def main():\n  asyncio.create_task(bad())\n  await asyncio.sleep(0)\nasyncio.run(main())", "succeeded", "", "KeyError: 'task'"),
    ("import asyncio\nasync def bad(): raise KeyError('left')\nloop = asyncio.new_event_loop()\nt = loop.create_task(bad())\nloop.run_until_complete(asyncio.sleep(0.01))", "succeeded", "", "KeyError: 'left'"),
    ("import sys\nsys.stdout = None\nsys.stderr.close()", "succeeded", "", ""),
    ("import threading, time\ndef beat():\n  while True: print('beat'); time.sleep(0.001)\nthreading.Thread(target=beat, daemon=True).start()", "succeeded", "", ""),
]  # fmt: skip
SIGNALLED = [
    ("import os\nos.kill(os.getpid(), 9)", "Ended by signal 9, SIGKILL: killed by itself", ""),
    ("import os\nos.kill(os.getpid(), 15)", "signal 15, SIGTERM: asked to end", ""),
    ("import ctypes\nctypes.string_at(0)", "Line 2: SIGSEGV: a crash inside the interpreter or a native library", "string_at"),
    ("import os\nos.abort()", "Line 2: SIGABRT: ", "Fatal Python error: Aborted"),
]  # fmt: skip


def test_every_end_is_told_in_words(in_cell: RunInCell) -> None:
    for code, outcome, told, on_stderr in [*ENDS, *((code, "failed", *rest) for code, *rest in SIGNALLED)]:
        execution = in_cell(code)
        assert execution.outcome.value == outcome, (code, execution.message)
        assert told in execution.message, code
        assert on_stderr in execution.stderr, code


def test_what_a_program_left_open_is_written_at_its_end(in_cell: RunInCell) -> None:
    execution = in_cell(
        """
        import io, sys
        class Last:
            def __del__(self): print("let go of")
        last = Last()
        print("no end of line", end="")
        sys.stdout.write(" and more")
        """
    )
    assert execution.stdout == "no end of line and morelet go of\n"
    replaced = in_cell("import io, sys\nprint('kept', end='')\nsys.stdout = io.StringIO()\nprint('lost')")
    assert replaced.stdout == "kept"


def test_the_same_flood_ends_the_same_way_every_time(in_cell: RunInCell) -> None:
    for size, outcome in ((16 * 2**20, Outcome.SUCCEEDED), (16 * 2**20 + 1, Outcome.OUTPUT_EXCEEDED)):
        for _ in range(3):
            assert in_cell(f"import os\nos.write(1, b'x' * {size})").outcome is outcome


def test_progress_bars_and_repeated_warnings_are_folded(in_cell: RunInCell) -> None:
    execution = in_cell(
        r"""
        import sys
        for n in range(101): sys.stderr.write(f"\r{n:3d}%|{'#' * (n // 10)}|")
        print(file=sys.stderr)
        for _ in range(42): print("strategy.py:7: RuntimeWarning: divide by zero\n  r = a / b", file=sys.stderr)
        print("end", file=sys.stderr)
        """
    )
    warning = "strategy.py:7: RuntimeWarning: divide by zero\n  r = a / b\n… 41 more like this\n"
    assert execution.stderr == f"100%|##########|\n{warning}end\n"
    assert (execution.stderr_truncated, execution.stderr_dropped_bytes) == (False, 0)
    assert execution.stderr_raw
    assert not execution.stdout_raw
