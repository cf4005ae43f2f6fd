"""Whether a port can be listened on."""

from __future__ import annotations

import socket

from windtunnel.ports import why_taken


def test_a_port_that_somebody_listens_on_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert why_taken(port) == "Address already in use"
    assert why_taken(port) is None
