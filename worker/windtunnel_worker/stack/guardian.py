"""Ends the processes of a stack whose supervisor died without doing so itself, e.g. by kill -9.

The supervisor writes to the guardian's standard input which process groups exist: `+ PID NAME` and `- PID`, a line
each. When the pipe ends, the guardian ends all groups that are left: the roles first, then what they left in Docker,
then Redis, which gets the time to write what it has. It inherits the lock on the state folder, so that no new stack
starts there before. `python -m windtunnel_worker.stack.guardian CLEANUP…`; standard library only.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress

from windtunnel_worker.stack.plan import REDIS

ROLES_S, REDIS_S = 3.0, 10.0
"""How long they may take to end by themselves."""
CLEANUP_S = 30.0
LOOK_EVERY_S = 0.05
RESTART_PAUSE_S, STOP_S = 2.0, 3.0


class Guardian:
    """The supervisor's end of the pipe."""

    def __init__(self, cleanup: Sequence[str], lock: int) -> None:
        self._command = [sys.executable, "-m", __name__, *cleanup]
        self._lock = lock
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0

    def keep(self, groups: Mapping[int, str]) -> bool:
        """See that a guardian runs; a new one is told which groups exist. True: the last one had died."""
        now = time.monotonic()
        if self._process and (self._process.poll() is None or now - self._started_at < RESTART_PAUSE_S):
            return False
        replaced, self._started_at = self._process is not None, now
        try:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, pass_fds=(self._lock,), start_new_session=True, bufsize=0
            )
        except OSError:  # out of memory or processes: tried again later
            return False
        for pid, name in groups.items():
            self.started(pid, name)
        return replaced

    def started(self, pid: int, name: str) -> None:
        """A process group to be ended when the supervisor dies."""
        self._tell(f"+ {pid} {name}\n")

    def ended(self, pid: int) -> None:
        """A group that has ended."""
        self._tell(f"- {pid}\n")

    def stop(self) -> None:
        """Let the guardian go, after all groups have ended."""
        if self._process and self._process.stdin:
            with suppress(OSError):
                self._process.stdin.close()
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _tell(self, line: str) -> None:
        # A guardian that died is replaced by `keep`, and the new one is told everything.
        if self._process and self._process.stdin:
            with suppress(OSError):
                self._process.stdin.write(line.encode())


def main(cleanup: list[str]) -> None:
    """Wait for the end of the pipe, then end what is left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups = follow(sys.stdin)
    if not groups:
        return
    end([pid for pid, name in groups.items() if name != REDIS], ROLES_S)
    # What cannot be removed now is removed by the next stack on this state folder.
    with suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run(cleanup, stdin=subprocess.DEVNULL, timeout=CLEANUP_S, check=False)
    end([pid for pid, name in groups.items() if name == REDIS], REDIS_S)


def follow(lines: Iterable[str]) -> dict[int, str]:
    """Read to the end; returns the groups that then exist, by the process that leads each."""
    groups: dict[int, str] = {}
    for line in lines:
        match line.split():
            case ["+", pid, name]:
                groups[int(pid)] = name
            case ["-", pid]:
                groups.pop(int(pid), None)
    return groups


def end(groups: Collection[int], patience_s: float) -> None:
    """TERM for the leaders, and after `patience_s` seconds KILL for whoever is left in their groups."""
    for pid in groups:
        _signal(pid, signal.SIGTERM, group=False)
    deadline = time.monotonic() + patience_s
    while any(_signal(pid, 0) for pid in groups) and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY_S)
    for pid in groups:
        _signal(pid, signal.SIGKILL)


def _signal(pid: int, number: int, *, group: bool = True) -> bool:
    """False: there is no such process any more."""
    try:
        (os.killpg if group else os.kill)(pid, number)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    main(sys.argv[1:])
