"""The `windtunnel` command. May import the client; the execution side's commands come by entry point."""

from __future__ import annotations

import sys

from windtunnel.cli.commands import app
from windtunnel.cli.host import load
from windtunnel.errors import WindtunnelError

COULD_NOT = 2


def main() -> None:
    """Run the command line. Exit code 2: it could not be done, and standard error says why."""
    host = load()
    if host is not None:
        host.register(app)
    try:
        app()
    except WindtunnelError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(COULD_NOT)
