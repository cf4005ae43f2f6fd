"""The `windtunnel` command. May import the client; an execution host adds its commands through an entry point.

`table` lists the commands and says which module has each. A module is loaded when its command is used.
"""

from __future__ import annotations

import gc
import sys

GARBAGE_AFTER = 200_000
"""New objects between two garbage collections. Most commands create fewer, nearly all of them while importing modules;
with the default, Python would look through these a hundred times."""


def main() -> None:
    """Run the command line; `windtunnel.cli.exits` lists the exit codes."""
    gc.set_threshold(GARBAGE_AFTER)
    try:
        from windtunnel.cli.commands import run

        code = run()
    except KeyboardInterrupt:  # while modules are loaded; later the command itself says what continues
        sys.stderr.write("interrupted\n")
        code = 130
    sys.exit(code)
