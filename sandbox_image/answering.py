"""Answers the system calls that would be work for the host's disk and page cache, as runc does by `seccomp.json`.

Standard library only. gVisor passes flushes on to the host's files, and its older versions know no answer but EPERM in
a profile; a filter that a process loads has all answers there.
"""

from __future__ import annotations

import ctypes
import errno
import os

NUMBERS = {
    "x86_64": {
        "fadvise64": 221,
        "fdatasync": 75,
        "fsync": 74,
        "readahead": 187,
        "sync": 162,
        "sync_file_range": 277,
        "syncfs": 306,
        "msync": 26,
        "prctl": 157,
        "seccomp": 317,
    },
    "aarch64": {
        "fadvise64": 223,
        "fdatasync": 83,
        "fsync": 82,
        "readahead": 213,
        "sync": 81,
        "sync_file_range": 84,
        "syncfs": 267,
        "msync": 227,
        "prctl": 167,
        "seccomp": 277,
    },
}
WITHOUT_EFFECT = ("fadvise64", "fdatasync", "fsync", "readahead", "sync", "sync_file_range", "syncfs")
MS_SYNC = 4
PR_SET_SECCOMP = 22
MODE_FILTER = 2
LOAD, EQUAL, ANY_BIT, RETURN = 0x20, 0x15, 0x45, 0x06
"""Of classic BPF: load a word of the call, compare it, end."""
ALLOW, REFUSE = 0x7FFF0000, 0x00050000
FIRST_ARGUMENT = 16
"""Its place in what a filter sees of a call, where the call's number is at 0."""

Instruction = tuple[int, int, int, int]


def answer_flushes() -> None:
    """Load the filter for this process and all it starts, which can load no other; `OSError` if that is refused."""
    instructions = _filter(NUMBERS[os.uname().machine])
    code = (_Instruction * len(instructions))(*(_Instruction(*parts) for parts in instructions))
    program = _Program(len(instructions), code)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_SECCOMP, MODE_FILTER, ctypes.byref(program), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the filter of system calls was refused")


def _filter(numbers: dict[str, int]) -> list[Instruction]:
    refused = REFUSE | errno.EPERM
    return [
        (LOAD, 0, 0, 0),
        *(part for name in WITHOUT_EFFECT for part in _answer(numbers[name], REFUSE)),
        *_answer(numbers["seccomp"], refused),
        *_answer_where(numbers["msync"], 2, ANY_BIT, MS_SYNC, REFUSE),
        *_answer_where(numbers["prctl"], 0, EQUAL, PR_SET_SECCOMP, refused),
        (RETURN, 0, 0, ALLOW),
    ]


def _answer(number: int, action: int) -> list[Instruction]:
    return [(EQUAL, 0, 1, number), (RETURN, 0, 0, action)]


def _answer_where(number: int, argument: int, test: int, value: int, action: int) -> list[Instruction]:
    return [
        (EQUAL, 0, 4, number),
        (LOAD, 0, 0, FIRST_ARGUMENT + 8 * argument),
        (test, 0, 1, value),
        (RETURN, 0, 0, action),
        (RETURN, 0, 0, ALLOW),
    ]


class _Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint16), ("jt", ctypes.c_uint8), ("jf", ctypes.c_uint8), ("k", ctypes.c_uint32))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("filter", ctypes.POINTER(_Instruction)))
