"""Decides how a run ended, from what the kernel, Docker and the warden say, in this order of trust. Pure."""

from __future__ import annotations

import errno
import signal
from dataclasses import dataclass

from windtunnel.contract import Limits, Outcome
from windtunnel.errors import SandboxFailure
from windtunnel_worker.sandbox.protocol import Transcript

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
    end, fault = transcript.end, transcript.fault or {}
    if evidence.io_exceeded:
        return Outcome.IO_EXCEEDED
    if end is not None and end.get("exit_code") == 0:
        return Outcome.SUCCEEDED
    if evidence.oom_killed or fault.get("memory") is True:
        return Outcome.MEMORY_EXCEEDED
    if evidence.processes_refused:
        return Outcome.PROCESSES_EXCEEDED
    if end is None:
        return Outcome.TIMED_OUT if evidence.overdue else None
    if end.get("flooded") is True:
        return Outcome.OUTPUT_EXCEEDED
    if end.get("timed_out") is True:
        return Outcome.TIMED_OUT
    if _cpu_exceeded(end, limits):
        return Outcome.CPU_EXCEEDED
    if fault.get("errno") in DISK_ERRORS or end.get("signal") == signal.SIGXFSZ:
        return Outcome.DISK_EXCEEDED
    return Outcome.FAILED


def _cpu_exceeded(end: dict[str, object], limits: Limits) -> bool:
    if limits.cpu_time_s is None:
        return False
    spent = end.get("cpu_time_s")
    killed = end.get("signal") == signal.SIGKILL and isinstance(spent, float) and spent >= limits.cpu_time_s
    return end.get("signal") == signal.SIGXCPU or killed


def _message(outcome: Outcome, transcript: Transcript, limits: Limits) -> str:
    match outcome:
        case Outcome.SUCCEEDED:
            return ""
        case Outcome.TIMED_OUT:
            return (
                f"Still running after {limits.timeout_s:g} s. Look for a loop that cannot end, work on whole "
                "columns instead of row by row, or ask for a higher timeout_s."
            )
        case Outcome.MEMORY_EXCEEDED:
            return (
                f"Needed more than {limits.memory_mb} MB. Keep fewer copies of the data, use smaller types, "
                "or ask for a higher memory_mb."
            )
        case Outcome.CPU_EXCEEDED:
            return f"Used more than {limits.cpu_time_s:g} s of processor time. Compute less or ask for more."
        case Outcome.IO_EXCEEDED:
            return f"Made more than {limits.io_operations} disk operations. Read each dataset once."
        case Outcome.OUTPUT_EXCEEDED:
            return (
                f"Wrote without an end; {limits.output_kb} KB were kept. Print summaries, not every step, "
                "and give results to emit()."
            )
        case Outcome.DISK_EXCEEDED:
            return f"Filled /tmp ({limits.disk_mb} MB). Keep results in memory and give them to emit()."
        case Outcome.PROCESSES_EXCEEDED:
            return (
                f"Wanted more than {limits.processes} processes and threads. Run in one process; "
                "set n_jobs or workers to 1."
            )
        case _:
            return _failure(transcript)


def _failure(transcript: Transcript) -> str:
    fault, end = transcript.fault, transcript.end or {}
    if fault:
        place = f"Line {fault.get('line')}: " if fault.get("line") else ""
        return f"{place}{fault.get('type')}: {fault.get('message')}"[:1024]
    if end.get("signal"):
        return f"Ended by signal {end['signal']}."
    return f"Exited with code {end.get('exit_code')}."
