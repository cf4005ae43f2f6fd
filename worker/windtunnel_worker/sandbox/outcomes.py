"""Decides how a run ended, from what the kernel, Docker and the warden say, in this order of trust. Pure."""

from __future__ import annotations

import errno
import signal
from dataclasses import dataclass

from windtunnel.contract import Limits, Outcome
from windtunnel.errors import SandboxFailure
from windtunnel_worker.sandbox.protocol import Transcript

MESSAGES = {
    Outcome.SUCCEEDED: "",
    Outcome.TIMED_OUT: "Still running after {limits.timeout_s:g} s. Look for a loop that cannot end, work on whole "
    "columns instead of row by row, or ask for a higher timeout_s.",
    Outcome.MEMORY_EXCEEDED: "Needed more than {limits.memory_mb} MB. Keep fewer copies of the data, use smaller "
    "types, or ask for a higher memory_mb.",
    Outcome.CPU_EXCEEDED: "Used more than {limits.cpu_time_s:g} s of processor time. Compute less or ask for a "
    "higher cpu_time_s.",
    Outcome.IO_EXCEEDED: "Made more than {limits.io_operations} disk operations. Read each dataset once, or ask for "
    "higher io_operations.",
    Outcome.OUTPUT_EXCEEDED: "Wrote without an end; {limits.output_kb} KB were kept. Print summaries, not every step, "
    "and give results to emit().",
    Outcome.DISK_EXCEEDED: "Filled /tmp ({limits.disk_mb} MB). Keep results in memory and give them to emit().",
    Outcome.PROCESSES_EXCEEDED: "Wanted more than {limits.processes} processes and threads. Run in one process; set "
    "n_jobs or workers to 1.",
}
"""What to tell the author; how a program failed is told by its own exception."""

DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True)
class Evidence:
    """What the host itself saw."""

    oom_killed: bool
    processes_refused: bool
    overdue: bool
    """The program was still running when its deadline had passed."""
    io_exceeded: bool
    faults: str = ""


def classify(transcript: Transcript, evidence: Evidence, limits: Limits) -> tuple[Outcome, str]:
    """The outcome and a message that says what to do; `SandboxFailure` when the machinery is at fault."""
    outcome = _outcome(transcript, evidence, limits)
    if outcome is None:
        raise SandboxFailure(f"The sandbox died: {evidence.faults or 'it gave no reason'}.")
    return outcome, _message(outcome, transcript, limits)


def _outcome(transcript: Transcript, evidence: Evidence, limits: Limits) -> Outcome | None:
    end, fault = transcript.end or {}, transcript.fault or {}
    died = transcript.end is None
    findings = (
        (evidence.io_exceeded, Outcome.IO_EXCEEDED),
        (end.get("exit_code") == 0, Outcome.SUCCEEDED),
        (evidence.oom_killed or fault.get("memory") is True, Outcome.MEMORY_EXCEEDED),
        (evidence.processes_refused, Outcome.PROCESSES_EXCEEDED),
        (died and evidence.overdue, Outcome.TIMED_OUT),
        (died, None),
        (end.get("flooded") is True, Outcome.OUTPUT_EXCEEDED),
        (end.get("timed_out") is True, Outcome.TIMED_OUT),
        (_cpu_exceeded(end, limits), Outcome.CPU_EXCEEDED),
        (fault.get("errno") in DISK_ERRORS or end.get("signal") == signal.SIGXFSZ, Outcome.DISK_EXCEEDED),
    )
    return next((outcome for found, outcome in findings if found), Outcome.FAILED)


def _cpu_exceeded(end: dict[str, object], limits: Limits) -> bool:
    if limits.cpu_time_s is None:
        return False
    spent = end.get("cpu_time_s")
    killed = end.get("signal") == signal.SIGKILL and isinstance(spent, float) and spent >= limits.cpu_time_s
    return end.get("signal") == signal.SIGXCPU or killed


def _message(outcome: Outcome, transcript: Transcript, limits: Limits) -> str:
    if outcome is Outcome.FAILED:
        return _failure(transcript)
    return MESSAGES[outcome].format(limits=limits)


def _failure(transcript: Transcript) -> str:
    fault, end = transcript.fault, transcript.end or {}
    if fault:
        place = f"Line {fault.get('line')}: " if fault.get("line") else ""
        return f"{place}{fault.get('type')}: {fault.get('message')}"[:1024]
    if end.get("signal"):
        return f"Ended by signal {end['signal']}."
    return f"Exited with code {end.get('exit_code')}."
