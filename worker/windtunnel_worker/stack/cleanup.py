"""Removes the sandboxes of this host when its standard input ends: by then no slot may run any more.

`python -m windtunnel_worker.stack.cleanup`
"""

from __future__ import annotations

import sys

from windtunnel.errors import WindtunnelError
from windtunnel_worker.recovery.reaper import remove_sandboxes
from windtunnel_worker.settings import host_settings


def main() -> int:
    """Returns the exit code."""
    sys.stdin.read()
    try:
        remove_sandboxes(host_settings().host)
    except WindtunnelError as error:
        sys.stderr.write(f"Sandboxes may be left: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
