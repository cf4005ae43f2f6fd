"""One process of the stack: its start and end, its log, and the pause before its next start. Standard library only."""

from __future__ import annotations

import ctypes
import fcntl
import logging
import os
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path

from windtunnel_worker.stack import alive
from windtunnel_worker.stack.plan import Program, Timing

LOGS_KEPT = 2
"""Rotated logs, beside the one that is written."""
PIPE_BYTES = 262_144
"""What a process may log between two looks of the supervisor without having to wait."""
READS_A_LOOK = 8
"""A process that writes without end must not keep the supervisor from the others."""
TAIL_LINES, TAIL_BYTES = 15, 20_000
PR_SET_PDEATHSIG = 1


class Backoff:
    """The pause before a process is started again. It doubles with each death."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self.deaths = 0
        """Since it was last well."""

    def died(self, lived_s: float) -> float:
        """Count a death after so many seconds; returns the pause in seconds."""
        if lived_s >= self._timing.healthy_s:
            self.deaths = 0
        self.deaths += 1
        # The exponent has a bound of its own: a float overflows after a thousand deaths.
        doubled: float = self._timing.first_pause_s * 2 ** min(self.deaths - 1, 16)
        return min(self._timing.longest_pause_s, doubled)


class Log:
    """A log file that is rotated by size, so that it never grows without limit."""

    def __init__(self, file: Path, limit: int) -> None:
        self.file = file
        self._handler = RotatingFileHandler(
            file, maxBytes=limit, backupCount=LOGS_KEPT, encoding="utf-8", errors="replace", delay=True
        )
        self._handler.terminator = ""

    def write(self, data: bytes) -> None:
        """Append what a process wrote. A full disk loses log lines and stops nothing."""
        text = data.decode(errors="replace")
        self._handler.handle(logging.LogRecord("", logging.INFO, "", 0, text, None, None))

    def tail(self) -> str:
        """The last lines."""
        try:
            with self.file.open("rb") as log:
                log.seek(max(0, log.seek(0, os.SEEK_END) - TAIL_BYTES))
                lines = log.read().decode(errors="replace").splitlines()
        except FileNotFoundError:
            lines = []
        return "\n".join(lines[-TAIL_LINES:])


class Child:
    """A program, and the process that runs it now, if one does."""

    def __init__(self, program: Program, log: Log, timing: Timing) -> None:
        self.program = program
        self._timing = timing
        self.log = log
        self.backoff = Backoff(timing)
        self.ready = False
        self.output = self.reports = -1
        """Our ends of its pipes; -1 while there are none."""
        self.start_at: float | None = None
        """When to start it again."""
        self.started_at = 0.0
        self.exit_code: int | None = None
        """Of the process that ended last."""
        self._process: subprocess.Popen[bytes] | None = None
        self._heard_at = 0.0
        self._killed = False

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return self.program.name

    @property
    def pid(self) -> int | None:
        """Its process's id, which is its process group's too; None while it does not run."""
        return self._process.pid if self._process else None

    def start(self, now: float) -> int:
        """Start it in a session of its own, so that Ctrl-C reaches the supervisor only; returns its process's id."""
        self.start_at, self.started_at, self._heard_at = None, now, now
        self.ready, self._killed = not self.program.reports, False
        far_ends: list[int] = []
        try:
            self.output, output = _pipe()
            far_ends.append(output)
            if self.program.reports:
                self.reports, reports = _pipe()
                far_ends.append(reports)
            self._process = subprocess.Popen(
                self.program.command,
                stdin=subprocess.PIPE if self.program.config else subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, alive.VARIABLE: str(far_ends[1])} if self.program.reports else None,
                pass_fds=far_ends[1:],
                umask=self.program.umask,
                start_new_session=True,
                preexec_fn=_term_with_parent(os.getpid()),
            )
        except OSError:
            self._close_pipes()
            raise
        finally:
            for end in far_ends:
                os.close(end)
        self._give_config(self._process)
        return self._process.pid

    def _give_config(self, process: subprocess.Popen[bytes]) -> None:
        if process.stdin:
            # A process that died before it could read is seen by `ended`.
            with suppress(BrokenPipeError), process.stdin:
                process.stdin.write(self.program.config.encode())

    def ended(self) -> bool:
        """True once its process has ended; it still has to be collected."""
        if self._process is None:
            return False
        return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def collect(self) -> int:
        """After its end: end what it left in its group, keep its last words, and return its exit code."""
        process = self._process
        if process is None:
            raise RuntimeError(f"{self.name} does not run")
        # As long as the process is not collected, no other can have its number.
        self.kill()
        code = process.wait()
        self.read_output()
        self._process, self.ready = None, False
        self._close_pipes()
        return code

    def _close_pipes(self) -> None:
        for pipe in (self.output, self.reports):
            if pipe >= 0:
                os.close(pipe)
        self.output = self.reports = -1

    def terminate(self) -> None:
        """Ask it to finish what runs and to end."""
        if self._process:
            # Not by Popen's own methods: they may collect a process that has just ended, before `ended` sees it.
            os.kill(self._process.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End it at once with all the processes it has started."""
        if self._process:
            self._killed = True
            os.killpg(self._process.pid, signal.SIGKILL)

    def read_output(self) -> None:
        """Move what it wrote to its log."""
        for _ in range(READS_A_LOOK):
            if not (data := _read(self.output, PIPE_BYTES)):
                break
            self.log.write(data)

    def read_reports(self, now: float) -> None:
        """Take note of what it reported."""
        data = _read(self.reports, 4096)
        if data:
            self._heard_at = now
            self.ready = self.ready or alive.READY in data

    def silent_at(self) -> float | None:
        """When it will have been silent for too long, if it does not report before; None: never."""
        if self._process is None or self._killed or not self.program.reports:
            return None
        return self._heard_at + self._timing.silent_s if self.ready else self.started_at + self._timing.start_s

    def well_at(self) -> float | None:
        """When its earlier deaths are forgotten; None: it has none, or does not run."""
        return self.started_at + self._timing.healthy_s if self._process and self.backoff.deaths else None


def _pipe() -> tuple[int, int]:
    """A pipe whose reading end never blocks."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    with suppress(PermissionError):  # a user with many large pipes gets the usual size, which does too
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    return reading, writing


def _read(pipe: int, most: int) -> bytes:
    try:
        return os.read(pipe, most)
    except BlockingIOError:
        return b""


def _term_with_parent(parent: int) -> Callable[[], None]:
    """In the child: get TERM when the supervisor dies. The guardian then sees to it that all end."""
    prctl = ctypes.CDLL(None).prctl

    def before_exec() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return before_exec
