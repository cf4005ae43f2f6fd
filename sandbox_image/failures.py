"""An uncaught exception as the host is told of it.

Standard library only. Nothing here is trusted: the program can change all of it in its own process.
"""

from __future__ import annotations

import contextlib
import sys
import traceback

from reporter import Reporter

PROGRAM = "strategy.py"
"""What the program's file is called in every message about it."""


def report(error: BaseException, lines: list[str], reporter: Reporter) -> None:
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
