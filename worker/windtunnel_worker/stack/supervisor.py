"""Starts the processes of a stack, keeps them running, and stops them in order on Ctrl-C or TERM.

`up` replaces its process by this one, which sleeps until a process ends, logs or reports, or a signal arrives.
`python -m windtunnel_worker.stack.supervisor PLAN`, the descriptor of a file with the plan; standard library only.
"""

from __future__ import annotations

import logging
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from windtunnel_worker.stack.child import Child, Log
from windtunnel_worker.stack.guardian import Guardian
from windtunnel_worker.stack.plan import Address, Program, StackPlan
from windtunnel_worker.stack.probe import answers
from windtunnel_worker.stack.signals import Signals

CLEANUP_S = 30.0
PROBE_EVERY_S = 0.1
LOG_PAUSE_S = 0.1
"""Between two looks at the logs: under load they are read in large pieces."""
FAILED = 2
TELL_AT = 3
"""The death in a row at which the log is shown."""
LOGS = "logs"

Say = Callable[[str], None]


class CannotStart(Exception):
    """The stack cannot start at all."""


class Supervisor:
    """The processes of one host."""

    def __init__(self, plan: StackPlan, signals: Signals, say: Say) -> None:
        self._plan, self._signals, self._say = plan, signals, say
        self._redis = self._child(plan.redis) if plan.redis else None
        self._roles = [self._child(role) for role in plan.roles]
        self._children = [*([self._redis] if self._redis else []), *self._roles]
        self._guardian = Guardian(plan.cleanup, plan.lock)
        self._announced = self._stopping = False
        self._selector = selectors.DefaultSelector()
        self._selector.register(signals, selectors.EVENT_READ)
        # The logs are looked at less often than the rest: they are one entry of the selector, which can be taken out.
        self._logs = selectors.EpollSelector()
        self._logs_again: float | None = 0.0

    def _child(self, program: Program) -> Child:
        log = Log(Path(self._plan.logs) / f"{program.name}.log", self._plan.log_bytes)
        return Child(program, log, self._plan.timing)

    def run(self) -> None:
        """Start all, watch over all, and stop all when a signal asks for it."""
        try:
            self._guardian.keep({})
            if self._redis:
                self._start(self._redis)
            if self._redis and self._plan.address:
                self._await_redis(self._redis, self._plan.address)
            if not self._signals.stop:
                for role in self._roles:
                    self._start(role)
            while not self._signals.stop:
                self._turn()
        finally:
            self._stop()

    # -- one turn ----------------------------------------------------------------------------------------

    def _turn(self, until: float | None = None) -> None:
        """Sleep until something happens, at the latest until then, and act on it."""
        timeout = self._sleep_s(until)
        for key, _ in self._selector.select(timeout):
            if key.fileobj is self._signals:
                self._signals.drain()
            elif key.data == LOGS:
                self._read_logs()
            else:
                key.data.read_reports(time.monotonic())
        now = time.monotonic()
        if self._logs_again is not None and now >= self._logs_again:
            self._selector.register(self._logs.fileno(), selectors.EVENT_READ, LOGS)
            self._logs_again = None
        if self._guardian.keep(self._groups()):
            self._say("the guardian died; another takes its place")
        for child in self._children:
            self._look_at(child, now)
        self._announce()

    def _sleep_s(self, until: float | None) -> float | None:
        times = [until, self._logs_again]
        for child in self._children if not self._stopping else ():
            times += [child.start_at, child.well_at(), child.silent_at()]
        due = [at for at in times if at is not None]
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _look_at(self, child: Child, now: float) -> None:
        well_at, silent_at = child.well_at(), child.silent_at()
        if child.ended():
            self._collect(child, now)
        elif self._stopping:
            return
        elif child.start_at is not None and now >= child.start_at:
            self._start(child)
        elif silent_at is not None and now >= silent_at:
            self._say(f"{child.name} has stopped or hangs; killing it")
            child.kill()
        elif well_at is not None and now >= well_at:
            child.backoff.deaths = 0
            self._say(f"{child.name} is well again")

    def _announce(self) -> None:
        if not self._announced and not self._stopping and all(child.ready for child in self._children):
            self._announced = True
            for line in self._plan.announcement:
                self._say(line)

    # -- starts and ends ---------------------------------------------------------------------------------

    def _start(self, child: Child) -> None:
        now = time.monotonic()
        try:
            pid = child.start(now)
        except OSError as error:
            child.start_at = now + child.backoff.died(0.0)
            self._say(f"{child.name} cannot be started: {error}; trying again")
            return
        self._guardian.started(pid, child.name)
        self._logs.register(child.output, selectors.EVENT_READ, child)
        if child.program.reports:
            self._selector.register(child.reports, selectors.EVENT_READ, child)

    def _collect(self, child: Child, now: float) -> None:
        """After a child's end: tidy up, and decide when to start it again."""
        pid, lived_s = child.pid, now - child.started_at
        if pid is None:
            return
        self._logs.unregister(child.output)
        if child.program.reports:
            self._selector.unregister(child.reports)
        code = child.collect()
        self._guardian.ended(pid)
        if self._stopping:
            return
        child.start_at = now + child.backoff.died(lived_s)
        changed = code != child.exit_code
        child.exit_code = code
        if child.backoff.deaths < TELL_AT:
            self._say(f"{child.name} ended with {_code(code)}; starting it again")
        elif child.backoff.deaths == TELL_AT or changed:
            self._say(
                f"{child.name} keeps dying, the last time with {_code(code)}. It is tried again, less and less "
                f"often, and the rest goes on. {child.log.file} ends:\n{child.log.tail()}"
            )

    def _await_redis(self, redis: Child, address: Address) -> None:
        while not self._signals.stop and not answers(address):
            if redis.pid is None or redis.ended():
                redis.read_output()
                raise CannotStart(f"Redis did not start; {redis.log.file} ends:\n{redis.log.tail()}")
            self._signals.wait(PROBE_EVERY_S)

    def _read_logs(self) -> None:
        for key, _ in self._logs.select(0):
            key.data.read_output()
        self._selector.unregister(self._logs.fileno())
        self._logs_again = time.monotonic() + LOG_PAUSE_S

    def _groups(self) -> dict[int, str]:
        return {child.pid: child.name for child in self._children if child.pid is not None}

    # -- the end -----------------------------------------------------------------------------------------

    def _stop(self) -> None:
        """First those who make work, then what they left, then the Redis they talk to."""
        self._say("stopping")
        self._stopping = True
        cleanup = self._load_cleanup()
        self._end(self._roles)
        self._clean_up(cleanup)
        if self._redis:
            self._end([self._redis])
        self._guardian.stop()
        self._say("stopped")

    def _end(self, children: Sequence[Child]) -> None:
        """TERM, and KILL when they do not end in time or a second signal says that it is urgent."""
        for child in children:
            child.terminate()
        deadline = time.monotonic() + self._plan.timing.stop_s
        while any(child.pid for child in children):
            if time.monotonic() >= deadline or self._signals.urgent:
                for child in children:
                    child.kill()
                deadline = time.monotonic() + self._plan.timing.stop_s
            self._turn(deadline)

    def _load_cleanup(self) -> subprocess.Popen[str] | None:
        """Start the clean-up: it loads what it needs while the roles stop, and waits for the end of its input."""
        try:
            return subprocess.Popen(
                self._plan.cleanup,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        except OSError as error:
            self._say(f"Sandboxes may be left: {error}. The next `windtunnel up` removes them.")
            return None

    def _clean_up(self, cleanup: subprocess.Popen[str] | None) -> None:
        if cleanup is None:
            return
        try:
            _, errors = cleanup.communicate(timeout=CLEANUP_S)
        except subprocess.TimeoutExpired:
            cleanup.kill()
            cleanup.communicate()
            errors = f"Sandboxes may be left: Docker was too slow ({CLEANUP_S:.0f} s)."
        if cleanup.returncode:
            self._say(f"{errors.strip()} The next `windtunnel up` removes them.")


def _code(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def _say(line: str) -> None:
    # Whoever read it may be gone; the stack goes on.
    with suppress(OSError):
        print(line, flush=True)  # noqa: T201 - this is the command's output


def main(descriptor: int) -> int:
    """Run the stack of this plan until Ctrl-C or TERM; returns the exit code."""
    logging.raiseExceptions = False  # a full disk loses log lines, it does not fill the terminal instead
    with os.fdopen(descriptor) as file:
        plan = StackPlan.from_json(file.read())
    os.set_inheritable(plan.lock, False)
    try:
        Supervisor(plan, Signals(), _say).run()
    except CannotStart as error:
        sys.stderr.write(f"error: {error}\n")
        return FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
