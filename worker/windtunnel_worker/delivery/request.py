"""Sends one signed request to a target, within a deadline. Follows no redirect, uses no proxy, reads no body."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from contextlib import closing

from windtunnel.webhooks import EVENT, SIGNATURE, TIMESTAMP, sign
from windtunnel_worker.delivery.targets import Target

CONNECT_S = 5.0
DEADLINE_S = 10.0
"""For all of a request, however slowly an answer drips in."""


class _Pinned(http.client.HTTPConnection):
    """Connects to the target's address, whatever its name says by now; the certificate must be the name's."""

    def __init__(self, target: Target, connect_s: float) -> None:
        super().__init__(target.host, target.port, timeout=connect_s)
        self._target = target

    def connect(self) -> None:
        """Open the connection."""
        plain = socket.create_connection((self._target.address, self._target.port), self.timeout)
        if self._target.tls:
            self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self._target.host)
        else:
            self.sock = plain


def send(target: Target, event: str, body: bytes, secret: str, *, deadline_s: float = DEADLINE_S) -> str:
    """Post an event; empty if the receiver took it (any 2xx), else why not."""
    stamp = int(time.time())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "windtunnel",
        EVENT: event,
        TIMESTAMP: str(stamp),
        SIGNATURE: sign(secret, stamp, body),
    }
    with closing(_Pinned(target, min(CONNECT_S, deadline_s))) as connection:
        late = threading.Event()
        timer = threading.Timer(deadline_s, _cut, (connection, late))
        timer.daemon = True
        timer.start()
        try:
            connection.request("POST", target.path, body, headers)
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException, ValueError) as error:
            return f"no answer within {deadline_s:g} s" if late.is_set() else f"{type(error).__name__}: {error}"
        finally:
            timer.cancel()
    if 200 <= status < 300:
        return ""
    return f"answered {status}" + (", and redirects are not followed" if 300 <= status < 400 else "")


def _cut(connection: http.client.HTTPConnection, late: threading.Event) -> None:
    """End a request that takes too long: whoever waits in it gets an error."""
    late.set()
    opened = connection.sock
    if opened is not None:
        try:
            opened.shutdown(socket.SHUT_RDWR)
        except OSError:
            return
