"""The `windtunnel` command. May import the client; an execution host adds its commands through an entry point.

`table` lists the commands and says which module has each. A module is loaded when its command is used.
"""

from __future__ import annotations

import gc
import sys

GARBAGE_AFTER = 200_000
"""New objects between two garbage collections of a command. Most create fewer."""


def main() -> None:
    """Run the command line; `windtunnel.cli.exits` lists the exit codes."""
    gc.disable()  # until the command's modules are loaded: nearly all objects are made then, and kept
    gc.set_threshold(GARBAGE_AFTER)
    try:
        from windtunnel.cli.commands import run

        code = run()
    except KeyboardInterrupt:  # while modules are loaded; later the command itself says what continues
        sys.stderr.write("interrupted\n")
        code = 130
    sys.exit(code)
