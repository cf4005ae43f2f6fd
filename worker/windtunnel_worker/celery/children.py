"""Tasks and a thread pool in which a failure ends only the task that failed."""

from __future__ import annotations

import os
import time
from typing import Any

import celery
from billiard.einfo import ExceptionInfo
from celery.concurrency import thread

# The stubs of Celery leave out what a pool is made of.
_thread: Any = thread


class TaskFault(Exception):
    """Stands for an exception of a task that would end more than the task."""


class Task(celery.Task):  # type: ignore[type-arg]
    """A task whose exceptions end the task and nothing else."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the task, in a worker."""
        try:
            return self.run(*args, **kwargs)
        except MemoryError:
            # Celery raises this one again in the worker's main process.
            raise TaskFault("The task ran out of memory.") from None


class ThreadPool(_thread.TaskPool):  # type: ignore[misc]
    """Celery's pool of threads, which reports every failure: one it swallows would hold its place for ever."""

    def on_apply(self, target: Any, args: Any = None, kwargs: Any = None, *_: Any, **callbacks: Any) -> Any:
        """Run this in a thread."""
        return _thread.ApplyResult(self.executor.submit(_run, target, args or (), kwargs or {}, callbacks))


def _run(target: Any, args: Any, kwargs: Any, callbacks: dict[str, Any]) -> None:
    try:
        callbacks["accept_callback"](os.getpid(), time.monotonic())
        callbacks["callback"](target(*args, **kwargs))
    except BaseException as error:  # noqa: BLE001 - SystemExit too ends the task, not the thread or the worker
        try:
            raise TaskFault(f"The task ended with {type(error).__name__}.") from error
        except TaskFault:
            callbacks["error_callback"](ExceptionInfo())
