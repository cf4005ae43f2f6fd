"""The table that decides how a run ended."""

from __future__ import annotations

import errno
import json
import signal
from typing import Any

import pytest

from windtunnel.contract import Limits, Outcome
from windtunnel.errors import SandboxFailure
from windtunnel_worker.sandbox.outcomes import Evidence, classify
from windtunnel_worker.sandbox.protocol import Frame, Transcript

LIMITS = Limits(cpu_time_s=5, io_operations=7)
EXIT = {"exit_code": 0, "signal": None, "timed_out": False, "flooded": False, "cpu_time_s": 0.1}
KILLED = {**EXIT, "exit_code": None, "signal": signal.SIGKILL.value}
RAISED = {**EXIT, "exit_code": 1}
FAULT = {"type": "TypeError", "message": "no", "line": 3, "errno": None, "memory": False}


def judge(end: dict[str, Any] | None, fault: dict[str, Any] | None, *seen: str) -> tuple[Outcome, str]:
    transcript = Transcript(output_limit=100)
    for kind, payload in ((b"F", fault), (b"X", end)):
        if payload is not None:
            transcript.take(Frame(kind, json.dumps(payload).encode()))
    evidence = Evidence(
        oom_killed="oom_killed" in seen,
        processes_refused="processes_refused" in seen,
        overdue="overdue" in seen,
        io_exceeded="io_exceeded" in seen,
        cpu_exceeded="cpu_exceeded" in seen,
    )
    return classify(transcript, evidence, LIMITS)


TABLE = [
    ("succeeded", EXIT, None, ()),
    ("succeeded", EXIT, None, ("processes_refused",)),
    ("succeeded", EXIT, None, ("oom_killed",)),
    ("failed", RAISED, FAULT, ()),
    ("failed", {**EXIT, "exit_code": 3}, None, ()),
    ("failed", KILLED, None, ()),
    ("failed", {**KILLED, "signal": signal.SIGSEGV.value}, None, ()),
    ("failed", RAISED, {**FAULT, "errno": errno.EACCES}, ()),
    ("memory_exceeded", KILLED, None, ("oom_killed",)),
    ("memory_exceeded", None, None, ("oom_killed",)),
    ("memory_exceeded", RAISED, {**FAULT, "memory": True}, ()),
    ("processes_exceeded", RAISED, FAULT, ("processes_refused",)),
    ("processes_exceeded", {**KILLED, "timed_out": True}, None, ("processes_refused",)),
    ("processes_exceeded", None, None, ("processes_refused",)),
    ("processes_exceeded", RAISED, {**FAULT, "processes": True}, ()),
    ("processes_exceeded", {**KILLED, "timed_out": True}, {**FAULT, "processes": True}, ()),
    ("succeeded", EXIT, {**FAULT, "processes": True}, ()),
    ("timed_out", {**KILLED, "timed_out": True}, None, ()),
    ("timed_out", None, None, ("overdue",)),
    ("output_exceeded", {**KILLED, "flooded": True}, None, ()),
    ("output_exceeded", {**EXIT, "flooded": True}, None, ()),
    ("cpu_exceeded", {**KILLED, "signal": signal.SIGXCPU.value}, None, ()),
    ("cpu_exceeded", None, None, ("cpu_exceeded",)),
    ("succeeded", EXIT, None, ("cpu_exceeded",)),
    ("cpu_exceeded", {**KILLED, "cpu_time_s": 5.2}, None, ()),
    ("disk_exceeded", RAISED, {**FAULT, "errno": errno.ENOSPC}, ()),
    ("disk_exceeded", RAISED, {**FAULT, "errno": errno.EFBIG}, ()),
    ("disk_exceeded", {**KILLED, "signal": signal.SIGXFSZ.value}, None, ()),
    ("io_exceeded", None, None, ("io_exceeded",)),
    ("io_exceeded", EXIT, None, ("io_exceeded",)),
]


@pytest.mark.parametrize(("outcome", "end", "fault", "seen"), TABLE)
def test_the_outcome_of_each_kind_of_end(
    outcome: str, end: dict[str, Any] | None, fault: dict[str, Any] | None, seen: tuple[str, ...]
) -> None:
    found, message = judge(end, fault, *seen)
    assert found.value == outcome
    assert bool(message) is (outcome != "succeeded")


def test_an_end_without_a_reason_is_the_machinerys_fault() -> None:
    with pytest.raises(SandboxFailure, match="died"):
        judge(None, None)


@pytest.mark.parametrize(
    ("told", "end", "fault", "seen"),
    [
        ("timeout_s", {**KILLED, "timed_out": True}, None, ()),
        ("512 MB", KILLED, None, ("oom_killed",)),
        ("5 s", {**KILLED, "signal": signal.SIGXCPU.value}, None, ()),
        ("7 disk", EXIT, None, ("io_exceeded",)),
        ("256 KB", {**KILLED, "flooded": True}, None, ()),
        ("100 MB", RAISED, {**FAULT, "errno": errno.ENOSPC}, ()),
        ("100 processes", RAISED, FAULT, ("processes_refused",)),
        ("Line 3: TypeError: no", RAISED, FAULT, ()),
        ("signal 11", {**KILLED, "signal": 11}, None, ()),
        ("SIGSEGV: a crash inside the interpreter or a native library", {**KILLED, "signal": 11}, None, ()),
        ("SIGKILL: killed by itself", KILLED, None, ()),
        ("signal 40", {**KILLED, "signal": 40}, None, ()),
        ("SIGSEGV: a crash", {**EXIT, "exit_code": 139}, None, ()),
        ("SIGABRT", {**EXIT, "exit_code": 134}, None, ()),
        ("took too long", {**EXIT, "exit_code": 124}, None, ()),
        ("gave no reason", RAISED, None, ()),
        ("Line 3: SystemExit: no signal", RAISED, {**FAULT, "type": "SystemExit", "message": "no signal"}, ()),
        ("code 3", {**EXIT, "exit_code": 3}, None, ()),
    ],
)
def test_the_message_names_the_limit_or_the_place(
    told: str, end: dict[str, Any] | None, fault: dict[str, Any] | None, seen: tuple[str, ...]
) -> None:
    assert told in judge(end, fault, *seen)[1]


@pytest.mark.parametrize(
    "end",
    [
        {"exit_code": "0"},
        {"exit_code": [], "signal": {}, "timed_out": "yes", "flooded": 1, "cpu_time_s": "much"},
        {"exit_code": 10**100, "signal": -5},
    ],
    ids=str,
)
def test_a_forged_end_is_a_fault_of_the_sandbox(end: dict[str, Any]) -> None:
    with pytest.raises(SandboxFailure, match="end frame"):
        judge(end, None)


def test_an_empty_end_and_a_forged_fault_are_never_a_success() -> None:
    assert judge({}, {"errno": {}, "memory": "x", "line": [], "type": None})[0] is Outcome.FAILED


def test_an_exception_without_a_text_is_told_by_its_type() -> None:
    assert judge(RAISED, {**FAULT, "message": ""})[1] == "Line 3: TypeError"


def test_a_message_from_the_sandbox_is_cut() -> None:
    assert len(judge(RAISED, {**FAULT, "message": "x" * 100_000})[1]) <= 1024


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (
            {"type": "MemoryError", "message": "Unable to allocate 117. GiB for an array", "memory": True, "line": 2},
            "Needed more than 512 MB, at line 2 (x = f()): Unable to allocate 117. GiB for an array. Keep fewer",
        ),
        ({"type": "MemoryError", "message": "", "memory": True, "line": 2}, "512 MB, at line 2 (x = f()). Keep fewer"),
        ({"errno": errno.ENOSPC, "line": 4}, "MB), at line 4 (x = f()). Keep results"),
        ({"processes": True, "line": 5}, "threads, at line 5 (x = f()). Run in one"),
        (
            {"type": "memory_exceeded", "memory": True, "line": 6},
            "Needed more than 512 MB, at line 6 (x = f()): no. Keep",
        ),
    ],
)
def test_the_exception_by_which_a_program_learns_of_a_limit_gives_its_place(fault: dict[str, Any], said: str) -> None:
    assert said in judge(RAISED, {**FAULT, "source": "x = f()", **fault})[1]


def test_an_earlier_exception_is_not_the_place_of_a_kill() -> None:
    assert judge(KILLED, {**FAULT, "source": "x = f()"}, "oom_killed")[1].startswith("Needed more than 512 MB. Keep")
