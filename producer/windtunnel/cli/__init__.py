"""The `windtunnel` command. May import the client; the execution side's commands come by entry point.

Each command's module is loaded when that command, or help, is asked for, so that the others do not delay it.
"""

from __future__ import annotations

import gc
import sys

GARBAGE_AFTER = 200_000
"""New objects between two collections. Most commands make fewer, nearly all of them modules and their parts, which the
default would look through a hundred times."""


def main() -> None:
    """Run the command line; `windtunnel.cli.exits` lists the exit codes."""
    gc.set_threshold(GARBAGE_AFTER)
    try:
        from windtunnel.cli.commands import run

        code = run()
    except KeyboardInterrupt:  # while modules are loaded; later on the command says what goes on
        sys.stderr.write("interrupted\n")
        code = 130
    sys.exit(code)
