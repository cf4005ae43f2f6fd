"""What a process of a sandbox may do: how it becomes a job's user, and who may open its memory.

Standard library only.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os

PR_SET_DUMPABLE = 4
PR_CAPBSET_DROP = 24
CAPABILITIES = (6, 7, 8)
"""SETGID, SETUID, SETPCAP: what process 1 has."""
_LIBC = ctypes.CDLL(None, use_errno=True)


def bound() -> None:
    """Leave no capability that this process or a child of it could gain by what it executes."""
    for capability in CAPABILITIES:
        _prctl(PR_CAPBSET_DROP, capability)


def become(user: int) -> None:
    """In a child: become a job's user for good, with no capability left, and the first to go when memory runs out."""
    os.setsid()  # within one session anyone may send SIGCONT
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    set_dumpable(1)
    with contextlib.suppress(OSError):
        score = os.open("/proc/self/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC)
        os.write(score, b"1000")
        os.close(score)


def set_dumpable(value: int) -> None:
    """At 0 no program opens this process's memory or descriptors: its `/proc` belongs to root."""
    _prctl(PR_SET_DUMPABLE, value)


def _prctl(option: int, value: int) -> None:
    if _LIBC.prctl(option, value, 0, 0, 0) != 0:
        code = ctypes.get_errno() or errno.EPERM
        raise OSError(code, f"prctl({option}, {value}): {os.strerror(code)}")
