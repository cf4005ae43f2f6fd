"""Whether a port of this machine's loopback address can be listened on. Imports errors only."""

from __future__ import annotations

import socket

from windtunnel.errors import FieldProblem, InvalidInput


def why_taken(port: int) -> str | None:
    """Why a server cannot listen on a loopback port, as the system says it; None if it can."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return error.strerror or str(error)
    return None


def require_free(option: str, port: int) -> None:
    """Refuse a port in use, which the server itself would tell in words and with an exit code of its own."""
    reason = why_taken(port)
    if reason:
        raise InvalidInput([FieldProblem(option, f"{port} cannot be used: {reason}")], remedy="Choose another port.")
