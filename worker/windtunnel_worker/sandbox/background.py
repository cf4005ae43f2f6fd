"""Work that a slot waits for and that may take long: it runs beside, while the slot keeps its lease."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

TICK_S = 0.2

R = TypeVar("R")


def wait_for(act: Callable[[], R], ask: Callable[[], None]) -> R:
    """What `act` returns or raises. `ask` is called about every tick; what it raises ends the wait.

    Work that is no longer waited for goes on to its end in a thread of its own, which no process waits for.
    """
    future: Future[R] = Future()

    def run() -> None:
        try:
            future.set_result(act())
        except BaseException as error:  # noqa: BLE001 - whoever waits is told, whatever it is
            future.set_exception(error)

    threading.Thread(target=run, name="sandbox-background", daemon=True).start()
    while True:
        try:
            return future.result(TICK_S)
        except TimeoutError:
            if future.done():
                return future.result()
            ask()
