"""Asks the private Redis whether it answers yet, without a Redis library. Standard library only."""

from __future__ import annotations

import socket

from windtunnel_worker.stack.plan import Address

TIMEOUT_S = 2.0


def answers(address: Address) -> bool:
    """True when it takes commands; False while it is not there yet or still loads its data."""
    try:
        with socket.create_connection(("127.0.0.1", address.port), TIMEOUT_S) as connection:
            connection.sendall(f"AUTH {address.password}\r\nPING\r\n".encode())
            with connection.makefile("rb") as lines:
                return lines.readline() == b"+OK\r\n" and lines.readline() == b"+PONG\r\n"
    except OSError:
        return False
