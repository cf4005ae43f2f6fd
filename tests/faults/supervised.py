"""The supervisor as a real process, with small programs in place of the roles and Redis."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Self

import psutil
from tests.support import command_line, environment, free_port, still_running

from windtunnel_worker.stack.plan import REDIS, Address, Program, StackPlan, Timing

PREAMBLE = """
import os, signal, sys, time

def report(what):
    os.write(int(os.environ["WINDTUNNEL_ALIVE_FD"]), what)

def note(text):
    with open({notes!r}, "a") as notes:
        notes.write(text + "\\n")

def live():
    report(b"R")
    while True:
        report(b".")
        time.sleep(0.1)

def note_at_term(text):
    def handle(*_):
        note(text)
        os._exit(0)
    signal.signal(signal.SIGTERM, handle)
"""
EAGER = Timing(first_pause_s=0.01, longest_pause_s=0.05, stop_s=2)
LOG_BYTES = 1_000_000


class Supervised:
    """Starts a supervisor over programs, given as the text of what each does."""

    def __init__(
        self,
        folder: Path,
        roles: dict[str, str],
        *,
        redis: str | None = None,
        timing: Timing = EAGER,
        wait: bool = False,
    ) -> None:
        self.notes, self.logs = folder / "notes", folder
        self._folder = folder
        self.notes.touch()
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT)
        plan = StackPlan(
            logs=str(folder),
            roles=tuple(Program(name, self._command(code), reports=True) for name, code in roles.items()),
            cleanup=self._command("sys.stdin.read()\nnote('cleanup')"),
            announcement=("all are ready",),
            lock=lock,
            redis=Program(REDIS, self._command(redis)) if redis else None,
            address=Address(free_port(), "none") if redis and wait else None,
            timing=timing,
            log_bytes=LOG_BYTES,
        )
        (folder / "plan").write_text(plan.to_json())
        with (folder / "plan").open() as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "windtunnel_worker.stack.supervisor", str(file.fileno())],
                env=environment(),
                pass_fds=(file.fileno(), lock),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        os.close(lock)
        self.said: list[str] = []

    def _command(self, code: str) -> tuple[str, ...]:
        text = PREAMBLE.replace("{notes!r}", repr(str(self.notes))) + textwrap.dedent(code)
        return (sys.executable, "-c", text)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end(signal.SIGTERM)
        assert self.process.stdout
        self.process.stdout.close()

    def await_line(self, part: str) -> str:
        """Wait until it says something with this in it; returns that line."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.said.append(line)
            if part in line:
                return line
        raise AssertionError(f"the supervisor ended with {self.process.wait()}: {''.join(self.said)}")

    def read_on(self) -> int:
        """Read what it says up to its end; returns its exit code."""
        assert self.process.stdout
        self.said += self.process.stdout
        return self.process.wait()

    def processes(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def guardian(self) -> psutil.Process:
        (found,) = [one for one in self.processes() if "windtunnel_worker.stack.guardian" in command_line(one)]
        return found

    def others(self) -> list[psutil.Process]:
        guardian = self.guardian()
        return [one for one in self.processes() if one != guardian]

    def end(self, number: int) -> int:
        """Signal it, and wait until nothing of it is left; returns its exit code."""
        if self.process.poll() is not None:
            return self.process.returncode
        processes = self.processes()
        self.process.send_signal(number)
        self.read_on()
        assert still_running(processes) == []
        return self.process.returncode

    def noted(self) -> list[str]:
        return self.notes.read_text().split()


class Events:
    """A FIFO that programs write to, so that a test can wait for them."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        # Open for writing too: the FIFO does not end when no program has it open.
        self._fifo = os.open(path, os.O_RDWR)
        self.tell = f"with open({str(path)!r}, 'wb', 0) as fifo: fifo.write(b'x')\n"

    def wait(self, count: int = 1) -> None:
        while count > 0:
            count -= len(os.read(self._fifo, count))
