"""Reports an uncaught exception to the host, whatever the exception's own methods do when they are called.

Standard library only. Nothing here is trusted: the program can change all of it in its own process.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import traceback
import types
from collections.abc import Callable, Iterator
from typing import Any

from reporter import Reporter

PROGRAM = "strategy.py"
"""What the program's file is called in every message about it."""
HERE = os.path.dirname(__file__)
KEPT_FRAMES = 24
"""The innermost of each traceback; frames that repeat are folded."""
KEPT_TEXT = 16_384
KEPT_MESSAGE = 4096
MAX_LEAVES = 32
"""Of an exception group, in its message."""
LONGEST_S = 1.0
"""For which the exception's own methods may run."""


def report(
    error: BaseException,
    lines: list[str],
    reporter: Reporter,
    near: int | None = None,
    key_like: Callable[[Any, str], str] = lambda *_: "",
) -> None:
    """Print the traceback as Python does and send the host the place and the reason.

    `near` is the line of what was called, for an error about that which is raised outside of the program; `key_like`
    says what is there in place of a missing key of a line.
    """
    trace = _beyond_ours(error.__traceback__)
    text = _shortened(_guarded(lambda: _formatted(error, trace)) or _plainly_formatted(error, trace), KEPT_TEXT)
    line, raised_by = _place(error, trace)
    line = line or near
    _send(
        reporter,
        {
            "type": _name(error),
            "message": message_of(error) + _hint(error, key_like, _source(line, lines)),
            "line": line,
            "source": _source(line, lines),
            "traceback": text,
            "errno": _errno(error),
            "memory": _is(error, MemoryError),
            "processes": _refused_a_process(error, raised_by),
        },
    )
    _print(error, text)


def _hint(error: BaseException, key_like: Callable[[Any, str], str], source: str) -> str:
    if type(error) is not KeyError:
        return ""
    found = _guarded(lambda: key_like(error.args[0], source))
    return f" ({found})" if found else ""


def _beyond_ours(trace: types.TracebackType | None) -> types.TracebackType | None:
    """The traceback without those frames at its beginning that are not the program's business."""
    while trace and os.path.dirname(trace.tb_frame.f_code.co_filename) == HERE:
        trace = trace.tb_next
    return trace


def report_exit(reason: str, leaving: SystemExit, lines: list[str], reporter: Reporter) -> None:
    """Send the host the reason that the program gave for leaving, and where it left."""
    trace = leaving.__traceback__.tb_next if leaving.__traceback__ else None
    line, _ = _place(leaving, trace)
    _send(
        reporter,
        {
            "type": _name(leaving),
            "message": reason[:KEPT_MESSAGE],
            "line": line,
            "source": _source(line, lines),
        },
    )


def _source(line: int | None, lines: list[str]) -> str:
    return lines[line - 1].strip()[:200] if line and 0 < line <= len(lines) else ""


def message_of(error: BaseException) -> str:
    """Its text, cut; of a group also type and text of each leaf."""
    text = text_of(error)
    if not _is(error, BaseExceptionGroup):
        return text if len(text) <= KEPT_MESSAGE else f"{text[: KEPT_MESSAGE - 1]}…"
    leaves = _guarded(lambda: list(_leaves(error))) or []
    texts = [f"{_name(leaf)}: {text_of(leaf)[:200]}".removesuffix(": ") for leaf in leaves[:MAX_LEAVES]]
    if len(leaves) > MAX_LEAVES:
        texts.append("…")
    return f"{text[: KEPT_MESSAGE // 4]}: {'; '.join(texts)}"[:KEPT_MESSAGE]


def text_of(value: object) -> str:
    """`str(value)`, or why there is none: the method is the program's own."""
    problem = "it takes too long"

    def text() -> str:
        nonlocal problem
        try:
            return str(value)
        except _TooLong:
            raise
        except BaseException as error:
            problem = f"its __str__ raised {_name(error)}"
            raise

    found = _guarded(text)
    return f"<no text: {problem}>" if found is None else found[: 16 * KEPT_MESSAGE]


def _leaves(group: Any) -> Iterator[BaseException]:
    """The exceptions in a group that are no groups themselves, in order, at most one more than a message names."""
    waiting, found = [group], 0
    while waiting and found <= MAX_LEAVES:
        one = waiting.pop()
        if _is(one, BaseExceptionGroup):
            waiting += reversed(one.exceptions)
        else:
            found += 1
            yield one


def _formatted(error: BaseException, trace: types.TracebackType | None) -> str:
    described = traceback.TracebackException(
        type(error), error, trace, limit=-KEPT_FRAMES, max_group_width=MAX_LEAVES, compact=True
    )
    return "".join(described.format())


def _plainly_formatted(error: BaseException, trace: types.TracebackType | None) -> str:
    """For an exception that `traceback` cannot format: it asks the class for its name."""
    frames = "".join(traceback.format_tb(trace, limit=-KEPT_FRAMES))
    return f"Traceback (most recent call last):\n{frames}{_name(error)}: {message_of(error)}\n"


def _shortened(text: str, most: int) -> str:
    """The beginning and the end of a text that is too long."""
    if len(text) <= most:
        return text
    return f"{text[: most // 4]}\n  … {len(text) - most:,} characters left out …\n{text[-(most - most // 4 - 64) :]}"


def _place(error: BaseException, trace: types.TracebackType | None) -> tuple[int | None, str]:
    """The line of the program that raised it or called what raised it, and the text of the innermost line."""
    line = _guarded(lambda: _line_of_syntax(error)) if _is(error, SyntaxError) else None
    for frame, number in traceback.walk_tb(trace):
        if frame.f_code.co_filename == PROGRAM:
            line = number
    innermost = traceback.extract_tb(trace, limit=-1)
    return line, (innermost[-1].line if innermost else None) or ""


def _line_of_syntax(error: Any) -> int | None:
    return error.lineno if error.filename == PROGRAM and type(error.lineno) is int else None


def _errno(error: BaseException) -> int | None:
    number = _guarded(lambda: error.errno) if _is(error, OSError) else None  # type: ignore[attr-defined]
    return number if type(number) is int else None


def _refused_a_process(error: BaseException, raised_by: str) -> bool:
    """True when it is what Python raises where the kernel refuses a further process or thread."""
    if _is(error, BlockingIOError):
        return "fork" in raised_by or "spawn" in raised_by  # by others it means a pipe or socket that is not ready
    return _is(error, RuntimeError) and text_of(error) == "can't start new thread"


def _send(reporter: Reporter, record: dict[str, Any]) -> None:
    with contextlib.suppress(BaseException):
        reporter.write(b"F", record)


def _print(error: BaseException, text: str) -> None:
    """On stderr, by the program's own hook where it has set one."""
    with contextlib.suppress(BaseException):
        if sys.excepthook is not sys.__excepthook__:
            sys.excepthook(type(error), error, error.__traceback__)
        else:
            sys.stderr.write(text)


# -- looking at what may be hostile ------------------------------------------------------------------------


def _name(error: BaseException) -> str:
    """The name of its class, which no metaclass can change."""
    return str(type.__dict__["__name__"].__get__(type(error)))


def _is(error: BaseException, kind: type[BaseException]) -> bool:
    """`isinstance` that asks only the class."""
    return kind in type.__dict__["__mro__"].__get__(type(error))


class _TooLong(BaseException):
    """The exception's own method does not return."""


def _guarded(look: Callable[[], Any]) -> Any:
    """What a call of the program's methods returns; None if it raises, or does not return in time."""

    def stop(*_: object) -> None:
        raise _TooLong

    try:
        before = signal.signal(signal.SIGALRM, stop)
        try:
            signal.setitimer(signal.ITIMER_REAL, LONGEST_S, LONGEST_S)
            return look()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
    except BaseException:  # noqa: BLE001 - whatever it raises says nothing of the program's end
        return None
