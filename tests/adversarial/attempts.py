"""What an attempt is: a program that attacks its sandbox, and all that may become of it.

The tables of this folder hold one family each. An attempt is named by its outcome. It is not enough that an attack
fails: it must have been made, so a refused call tells with which error, and only those that mean a refusal count.
"""

from __future__ import annotations

import errno
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from windtunnel.contract import Isolation, Limits, Outcome

LIMITS = {
    "runc": Limits(timeout_s=2, memory_mb=128, processes=24, disk_mb=16, output_kb=64),
    # Each system call takes longer there, and each fork up to 10 MB.
    "runsc": Limits(timeout_s=5, memory_mb=192, processes=24, disk_mb=16, output_kb=64),
}
"""The same for all attempts of a runtime, so that the prepared sandbox serves whichever is next."""
RUNTIMES = tuple(LIMITS)

ESCAPED = "windtunnel-escaped"
"""Every program that tries to leave something outside uses this name."""

NOT_THERE = {errno.ENOENT, errno.ENOTDIR, errno.ENXIO, errno.ENODEV, errno.ESRCH}
REFUSALS = {errno.EPERM, errno.EACCES, errno.EROFS, errno.ENOSYS, errno.EAFNOSUPPORT, *NOT_THERE}
"""Errors that say no. EINVAL, EFAULT and EBADF are not among them: they would mean that the kernel had looked at it."""

ENDED = frozenset({Outcome.SUCCEEDED, Outcome.FAILED})
STOPPED = frozenset(set(Outcome) - ENDED - {Outcome.INFRASTRUCTURE_ERROR, Outcome.REJECTED, Outcome.LOST})

PRELUDE = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
_refused, _breaches = {}, {}
def syscall(*numbers):
    return libc.syscall(*(ctypes.c_long(n) if isinstance(n, int) else n for n in numbers))
def attempt(name, act):
    ctypes.set_errno(0)
    try:
        got = act()
        if isinstance(got, int) and got < 0:
            raise OSError(ctypes.get_errno(), "")
    except OSError as error:
        _refused[name] = error.errno
    else:
        _breaches[name] = repr(got)[:100]
def written(path, flags=os.O_WRONLY):
    return os.open(path, flags)
"""

VALUE_PIPE = """
import os
def _value_pipe():
    for fd in range(3, 64):
        try:
            if os.readlink(f"/proc/self/fd/{fd}").startswith("pipe:"):
                return fd
        except OSError:
            pass
pipe = _value_pipe()
"""
"""How a program gets at the pipe of its records."""


@dataclass(frozen=True)
class Attempt:
    """One attack."""

    name: str
    code: str
    ends: frozenset[Outcome]
    """How it may end."""
    values: dict[str, Any] | None = None
    """What it must have emitted, exactly."""
    refused: tuple[str, ...] = ()
    """Calls that it must have tried in vain."""
    granted: frozenset[str] = frozenset()
    """Those of them that are let through all the same."""
    errors: frozenset[int] = frozenset(REFUSALS)
    """The errors that count as a refusal."""
    stdout: str | None = None
    signal: int | None = None
    artifacts: frozenset[str] | None = None
    """The names of the files that came out."""
    absent: tuple[str, ...] = ()
    """Text that must be nowhere in what came out."""
    then: str | None = None
    """A program run next, in the same cell if that was left clean."""
    finds: dict[str, Any] | None = None
    """What the next one must emit."""
    keeps_cell: bool = False
    """A cell must have survived it."""
    runsc: Mapping[str, Any] = field(default_factory=dict)
    """The fields that are others under gVisor, whose kernel is another: what it emulates is its own, not the host's."""
    sampled: bool = False
    """It belongs to the few that CI runs under gVisor too."""

    def under(self, runtime: str) -> Attempt:
        return replace(self, **self.runsc) if runtime == "runsc" else self


def ending(name: str, ends: Outcome | Iterable[Outcome], code: str, **what: Any) -> Attempt:
    """A program that may end so."""
    outcomes = frozenset([ends]) if isinstance(ends, Outcome) else frozenset(ends)
    return Attempt(name, textwrap.dedent(code), outcomes, **what)


def seeing(name: str, values: dict[str, Any], code: str, **what: Any) -> Attempt:
    """A program that succeeds and sees this, as it emits it."""
    return ending(name, Outcome.SUCCEEDED, code, values=values, **what)


def refusing(name: str, *calls: str, setup: str = "", errors: Iterable[int] = REFUSALS, **what: Any) -> Attempt:
    """Each of these expressions must raise an `OSError` or give a negative number, with an error that means no."""
    tries = "\n".join(f"attempt({call!r}, lambda: {call})" for call in calls)
    code = f"{PRELUDE}\n{textwrap.dedent(setup)}\n{tries}\nemit(refused=_refused, breaches=_breaches)"
    return Attempt(name, code, frozenset({Outcome.SUCCEEDED}), refused=calls, errors=frozenset(errors), **what)


def leaving(name: str, code: str, then: str, finds: dict[str, Any], **what: Any) -> Attempt:
    """A program that leaves something behind, and what the next job finds of it."""
    what.setdefault("ends", frozenset({Outcome.SUCCEEDED}))
    return Attempt(name, textwrap.dedent(code), then=textwrap.dedent(then), finds=finds, **what)


def searching_its_memory_for(text: str) -> str:
    """A program that emits how often it finds this text in its own process."""
    return f"""
needle = {bytes(byte + 1 for byte in text.encode())!r}  # shifted by one, so that the search does not find itself
shift = bytes((byte + 1) % 256 for byte in range(256))
found = 0
with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", buffering=0) as memory:
    for line in maps.read().splitlines():
        start, end = (int(part, 16) for part in line.split()[0].split("-"))
        if line.split()[1].startswith("r") and end - start < 2**26 and "[v" not in line:
            try:
                memory.seek(start)
                found += memory.read(end - start).translate(shift).count(needle)
            except OSError:
                pass
emit(found=found)
"""


def sampled(attempt: Attempt) -> Attempt:
    return replace(attempt, sampled=True)


def everywhere(attempts: Sequence[Attempt]) -> Callable[..., Any]:
    """Parametrizes a test with each attempt under each isolation and runtime; under gVisor most only in the matrix."""
    names = [attempt.name for attempt in attempts]
    assert len(set(names)) == len(names)
    return pytest.mark.parametrize(
        ("attempt", "isolation", "runtime"),
        [
            pytest.param(
                attempt.under(runtime),
                isolation,
                runtime,
                id=f"{isolation}-{runtime}-{attempt.name}",
                marks=[pytest.mark.matrix] if runtime != "runc" and not attempt.sampled else [],
            )
            for runtime in RUNTIMES
            for isolation in Isolation
            for attempt in attempts
        ],
    )
