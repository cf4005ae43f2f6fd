"""Decides how a run ended, from what the kernel, Docker and the warden say, in this order of trust. Pure."""

from __future__ import annotations

import errno
import signal
from dataclasses import dataclass

from windtunnel.contract import Limits, Outcome
from windtunnel.errors import SandboxFailure
from windtunnel_worker.sandbox.assignment import Stop
from windtunnel_worker.sandbox.diagnosis import STILL_RUNNING
from windtunnel_worker.sandbox.endings import of_exit_code, of_signal
from windtunnel_worker.sandbox.protocol import End, Fault, Transcript

TOO_SLOW = (
    "Look for a loop that cannot end, work on whole columns instead of row by row, or ask for a higher timeout_s."
)
TOO_MUCH = "Compute less or ask for a higher cpu_time_s."
TOO_BIG = "Keep fewer copies of the data, use smaller types, or ask for a higher memory_mb."
MESSAGES = {
    Outcome.SUCCEEDED: "",
    Outcome.TIMED_OUT: f"Still running after {{limits.timeout_s:g}} s{{place}}. {TOO_SLOW}",
    Outcome.MEMORY_EXCEEDED: f"Needed more than {{limits.memory_mb}} MB{{place}}. {TOO_BIG}",
    Outcome.CPU_EXCEEDED: f"Used more than {{limits.cpu_time_s:g}} s of processor time{{place}}. {TOO_MUCH}",
    Outcome.IO_EXCEEDED: "Made more than {limits.io_operations} disk operations. Read each dataset once, or ask for "
    "higher io_operations.",
    Outcome.OUTPUT_EXCEEDED: "Wrote far more than is kept of it, the first and the last {half_kb:g} of "
    "{limits.output_kb} KB. Print summaries, not every step, and give results to emit().",
    Outcome.DISK_EXCEEDED: "Filled /tmp ({limits.disk_mb} MB){place}. Keep results in memory and give them to emit().",
    Outcome.PROCESSES_EXCEEDED: "Wanted more than {limits.processes} processes and threads{place}. Run in one process; "
    "set n_jobs or workers to 1.",
}
"""Messages for the program's author. A program that failed has that of its own exception instead."""

STOPS = {
    Stop.CANCELLED: "Cancelled before it had ended.",
    Stop.BUDGET: "Stopped before it had ended: the budget that it runs on is spent.",
}
"""Messages for an attempt that was stopped from outside."""

MAX_SOURCE = 80
"""Characters of a line that a message quotes."""
MAX_SAID = 160
"""Characters of what an exception says of the memory that it asked for."""
MAX_MESSAGE = 1024
"""Characters of an exception's text."""
MOST_NAMED = 4
"""Files that a message names; the execution has more of them."""
DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True)
class Evidence:
    """What the host itself saw."""

    oom_killed: bool
    processes_refused: bool
    overdue: bool
    """The program was still running when its deadline had passed."""
    io_exceeded: bool
    cpu_exceeded: bool
    """By all its processes together; what a single one exceeds, the warden reports."""
    stop: Stop | None = None
    """The caller had it stopped."""
    faults: str = ""


def classify(transcript: Transcript, evidence: Evidence, limits: Limits) -> tuple[Outcome, str]:
    """The outcome and a message that says what to do; `SandboxFailure` when the machinery is at fault."""
    if evidence.stop is not None:
        return Outcome.CANCELLED, STOPS[evidence.stop]
    outcome = _outcome(transcript.end, transcript.fault, evidence, limits)
    if outcome is None:
        raise SandboxFailure(f"The sandbox died: {evidence.faults or 'it gave no reason'}.")
    return outcome, _message(outcome, transcript, limits)


def _outcome(end: End | None, fault: Fault | None, evidence: Evidence, limits: Limits) -> Outcome | None:
    succeeded = end is not None and end.exit_code == 0 and not end.timed_out
    flooded = end is not None and end.flooded
    findings = (
        (evidence.io_exceeded, Outcome.IO_EXCEEDED),
        (succeeded and flooded, Outcome.OUTPUT_EXCEEDED),  # else the faster of two equal programs would succeed
        (succeeded, Outcome.SUCCEEDED),
        (evidence.oom_killed or (fault is not None and fault.memory), Outcome.MEMORY_EXCEEDED),
        (evidence.processes_refused or (fault is not None and fault.processes), Outcome.PROCESSES_EXCEEDED),
        (evidence.cpu_exceeded, Outcome.CPU_EXCEEDED),
        (end is None and evidence.overdue, Outcome.TIMED_OUT),
    )
    found = next((outcome for holds, outcome in findings if holds), None)
    return found or (_by_warden(end, fault, limits) if end is not None else None)


def _by_warden(end: End, fault: Fault | None, limits: Limits) -> Outcome:
    disk_full = (fault is not None and fault.errno in DISK_ERRORS) or end.signal == signal.SIGXFSZ
    findings = (
        (end.flooded, Outcome.OUTPUT_EXCEEDED),
        (end.timed_out, Outcome.TIMED_OUT),
        (_cpu_exceeded(end, limits), Outcome.CPU_EXCEEDED),
        (disk_full, Outcome.DISK_EXCEEDED),
    )
    return next((outcome for holds, outcome in findings if holds), Outcome.FAILED)


def _cpu_exceeded(end: End, limits: Limits) -> bool:
    if limits.cpu_time_s is None:
        return False
    return end.signal == signal.SIGXCPU or (end.signal == signal.SIGKILL and end.cpu_time_s >= limits.cpu_time_s)


def _message(outcome: Outcome, transcript: Transcript, limits: Limits) -> str:
    message = _failure(transcript) if outcome is Outcome.FAILED else _limit(outcome, limits, transcript.fault)
    dropped = transcript.values_dropped + (transcript.end.records_dropped if transcript.end else 0)
    if dropped:
        names = f" ({', '.join(transcript.dropped_names)})" if transcript.dropped_names else ""
        message += f" {dropped} values were dropped{names}: emit() keeps 1 MB and 1024 names in all, 768 KB a call."
    if transcript.dropped_files:
        message = (
            f"{message.removesuffix('.')}. {_dropped_files(transcript)}" if message else _dropped_files(transcript)
        )
    return message.strip()


def _limit(outcome: Outcome, limits: Limits, fault: Fault | None) -> str:
    place, running = "", STILL_RUNNING.get(outcome)
    if fault and running and fault.type == outcome.value:
        place = fault.message.removeprefix(running) + _at(fault)
    elif fault and _raised_by(outcome, fault):  # else it is an exception from before
        asked = f": {fault.message[:MAX_SAID].rstrip('.')}" if fault.memory and fault.message else ""
        place = _at(fault) + asked
    return MESSAGES[outcome].format(limits=limits, half_kb=limits.output_kb / 2, place=place)


def _raised_by(outcome: Outcome, fault: Fault) -> bool:
    """Whether the exception is how the program learned of the limit."""
    return {
        Outcome.MEMORY_EXCEEDED: fault.memory,
        Outcome.PROCESSES_EXCEEDED: fault.processes,
        Outcome.DISK_EXCEEDED: fault.errno in DISK_ERRORS,
    }.get(outcome, False)


def _at(fault: Fault) -> str:
    source = f" ({fault.source[:MAX_SOURCE]})" if fault.source else ""
    return f", at line {fault.line}{source}" if fault.line else ""


def _dropped_files(transcript: Transcript) -> str:
    named = transcript.files.dropped[:MOST_NAMED]
    more = transcript.dropped_files - len(named)
    reasons = "; ".join(f"{file.name[:80]} {file.reason[:100]}" for file in named)
    return f"Files left out of the artifacts: {reasons}{f'; and {more} more' if more > 0 else ''}."


def _failure(transcript: Transcript) -> str:
    fault, end = transcript.fault, transcript.end
    if fault:
        place = f"Line {fault.line}: " if fault.line else ""
        return f"{place}{fault.type}: {fault.message}".removesuffix(": ")[:MAX_MESSAGE]
    if end and end.signal:
        return f"Ended by {of_signal(end.signal)}."
    return f"Exited with {of_exit_code(end.exit_code) if end and end.exit_code is not None else 'an unknown code'}."
