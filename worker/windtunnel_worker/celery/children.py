"""What runs the tasks of a worker: pool processes that end with their parent, threads and tasks that fail safely."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from typing import Any

import celery
from billiard.einfo import ExceptionInfo
from celery.concurrency import thread
from celery.signals import worker_init, worker_process_init

# The stubs of Celery leave out what a pool is made of.
_thread: Any = thread

PR_SET_PDEATHSIG = 1

_parent: list[int] = []


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


def _note_parent(**_: object) -> None:
    _parent[:] = [os.getpid()]


def _end_with_parent(**_: object) -> None:
    """In a pool's process: die when the worker does, even by kill -9; it could report to nobody."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() not in _parent:  # it died before the line above
        os._exit(1)


def bind_children_to_parent() -> None:
    """Have every pool process of this process's workers die with it."""
    worker_init.connect(_note_parent, weak=False, dispatch_uid="windtunnel.note_parent")
    worker_process_init.connect(_end_with_parent, weak=False, dispatch_uid="windtunnel.end_with_parent")
