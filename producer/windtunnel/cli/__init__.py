"""The `windtunnel` command. May import the client; an execution host adds its commands through an entry point.

`table` lists the commands and says which module has each. A module is loaded when its command is used.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from contextlib import suppress

NOT_LOADED = "opentelemetry.sdk.metrics"
"""Where it is installed, the Redis client would load all of it for metrics that a command does not send."""
GARBAGE_AFTER = 200_000
"""New objects between two garbage collections of a command. Most create fewer."""


def main() -> None:
    """Run the command line; `windtunnel.cli.exits` lists the exit codes."""
    code = 1
    atexit.register(lambda: _leave(code))  # registered first, so called last
    gc.disable()  # until the command's modules are loaded: nearly all objects are made then, and kept
    gc.set_threshold(GARBAGE_AFTER)
    sys.modules.setdefault(NOT_LOADED, None)  # type: ignore[arg-type]
    try:
        from windtunnel.cli.commands import run

        code = run()
    except KeyboardInterrupt:  # while modules are loaded; later the command itself says what continues
        sys.stderr.write("interrupted\n")
        code = 130
    sys.exit(code)


def _leave(code: int) -> None:
    """End the process without destroying its objects one by one, which takes a twelfth of a short command's time."""
    for stream in filter(None, (sys.stdout, sys.stderr)):
        with suppress(OSError):
            stream.flush()
    os._exit(code)
