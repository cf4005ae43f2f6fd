"""Whether a port of this machine's loopback address can be listened on. Standard library only."""

from __future__ import annotations

import socket


def why_taken(port: int) -> str | None:
    """Why a server cannot listen on a loopback port, as the system says it; None if it can."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return error.strerror or str(error)
    return None
