"""A slot that stops at a named step of a job's life, to be killed there. Run as a program by `test_killed_slot`.

Its arguments: the host's name, the image, the isolation, what to wrap (`module:Class.method`), `before` or `after`.
It says `stopped` on stdout and then stops itself, with all of its threads.
"""

from __future__ import annotations

import functools
import importlib
import itertools
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from windtunnel.contract import Isolation, Job, Limits
from windtunnel_worker.sandbox import Assignment, Executor
from windtunnel_worker.settings import HostSettings

PROGRAM = "import time\nprint('x', flush=True)\ntime.sleep(params['sleep'])"


def stop() -> None:
    os.write(1, b"stopped\n")
    os.kill(os.getpid(), signal.SIGSTOP)


def stop_at(place: str, when: str, call: int = 1) -> None:
    """Wrap a method so that the process stops before or after it is called for this time."""
    calls = itertools.count(1)
    module_name, _, path = place.partition(":")
    owner: Any = importlib.import_module(module_name)
    *parents, name = path.split(".")
    for parent in parents:
        owner = getattr(owner, parent)
    wrapped: Callable[..., Any] = getattr(owner, name)

    @functools.wraps(wrapped)
    def wrapper(*arguments: Any, **options: Any) -> Any:
        here = next(calls) == call
        if here and when == "before":
            stop()
        result = wrapped(*arguments, **options)
        if here and when == "after":
            stop()
        return result

    setattr(owner, name, wrapper)


def main(host: str, image: str, isolation: str, place: str, when: str) -> None:
    stop_at(place, when)
    settings = HostSettings(host=host, SANDBOX_DEFAULT_IMAGE=image, sample_interval_s=0.05)
    executor = Executor(settings, f"slot:{host}:{os.getpid()}", warm=True)
    for number in range(3):
        job = Job(code=PROGRAM, params={"sleep": 0.3}, limits=Limits(timeout_s=20, memory_mb=128, processes=24))
        executor.execute(Assignment(f"killed{number}-0", 1, job, (), Isolation(isolation), "batch"))
    executor.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
