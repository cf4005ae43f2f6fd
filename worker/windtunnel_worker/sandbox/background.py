"""Waits for slow work in another thread, while the slot that waits keeps its lease."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

TICK_S = 0.2

R = TypeVar("R")


def wait_for(act: Callable[[], R], ask: Callable[[], object]) -> R:
    """Return or raise what `act` does. `ask` is called about every tick, and an exception in it ends the wait.

    The work then continues to its end in a daemon thread.
    """
    future: Future[R] = Future()

    def run() -> None:
        try:
            future.set_result(act())
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that waits
            future.set_exception(error)

    threading.Thread(target=run, name="sandbox-background", daemon=True).start()
    return result_of(future, ask)


def result_of(future: Future[R], ask: Callable[[], object]) -> R:
    """Return or raise what comes of the future. `ask` is called about every tick; an exception in it ends the wait."""
    while True:
        try:
            return future.result(TICK_S)
        except TimeoutError:
            if future.done():
                return future.result()
            ask()
