"""Reports to the supervisor that a role is ready and alive, through a pipe that the role inherited.

A role that was started in another way has no such pipe and reports nothing. Standard library only.
"""

from __future__ import annotations

import os
import threading
import time

VARIABLE = "WINDTUNNEL_ALIVE_FD"
"""The environment variable that holds the pipe's descriptor."""
READY, BEAT = b"R", b"."
BEAT_EVERY_S = 5.0

_pipes: list[int] = []


def report_regularly() -> None:
    """Report from now on that this process is alive. Causes no Redis traffic."""
    number = os.environ.pop(VARIABLE, None)
    if number is None:
        return
    os.set_inheritable(int(number), False)
    _pipes.append(int(number))

    def beat() -> None:
        while _tell(BEAT):
            time.sleep(BEAT_EVERY_S)

    threading.Thread(target=beat, name="alive", daemon=True).start()


def report_ready() -> None:
    """Report that this process now serves its queue."""
    _tell(READY)


def _tell(what: bytes) -> bool:
    """Write to the pipe. False if the supervisor is gone."""
    try:
        for pipe in _pipes:
            os.write(pipe, what)
    except OSError:
        return False
    return True
