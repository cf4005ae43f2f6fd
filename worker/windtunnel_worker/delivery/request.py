"""Sends one signed request to a target, within a deadline. Follows no redirect, uses no proxy, reads no body."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from contextlib import closing
from pathlib import Path

from windtunnel.webhooks import EVENT, SIGNATURE, TIMESTAMP, sign
from windtunnel_worker.delivery.targets import Target

CONNECT_S = 5.0
DEADLINE_S = 10.0
"""For a whole request, however slowly the answer arrives."""


class _Pinned(http.client.HTTPConnection):
    """Connects to the target's address, even if its name resolves differently by now; the certificate must match it."""

    def __init__(self, target: Target, connect_s: float, trust: ssl.SSLContext) -> None:
        super().__init__(target.host, target.port, timeout=connect_s)
        self._target, self._trust = target, trust

    def connect(self) -> None:
        """Open the connection."""
        self.sock = socket.create_connection((self._target.address, self._target.port), self.timeout)
        if self._target.tls:
            secured = self._trust.wrap_socket(
                self.sock, server_hostname=self._target.host, do_handshake_on_connect=False
            )
            self.sock = secured  # before the handshake, so that one that takes too long can be cut
            secured.do_handshake()


def trusting(authorities: Path | None = None) -> ssl.SSLContext:
    """Trust the system's certificate authorities and those in a PEM file.

    `OSError` if the file cannot be read or has no certificate.
    """
    context = ssl.create_default_context()
    if authorities is not None:
        context.load_verify_locations(authorities.expanduser())
    return context


class Sender:
    """Posts events, signed with a secret. `authorities` are trusted in addition to the system's (see `trusting`)."""

    def __init__(self, secret: str, *, authorities: Path | None = None, deadline_s: float = DEADLINE_S) -> None:
        self._secret, self._trust, self._deadline_s = secret, trusting(authorities), deadline_s

    def send(self, target: Target, event: str, body: bytes) -> str:
        """Post an event. Returns an empty text if the receiver accepted it (any 2xx), otherwise the reason."""
        with closing(_Pinned(target, min(CONNECT_S, self._deadline_s), self._trust)) as connection:
            late = threading.Event()
            timer = threading.Timer(self._deadline_s, _cut, (connection, late))
            timer.daemon = True
            timer.start()
            try:
                connection.request("POST", target.path, body, self._headers(event, body))
                status = connection.getresponse().status
            except (OSError, http.client.HTTPException, ValueError) as error:
                return (
                    f"no answer within {self._deadline_s:g} s" if late.is_set() else f"{type(error).__name__}: {error}"
                )
            finally:
                timer.cancel()
        if 200 <= status < 300:
            return ""
        return f"answered {status}" + (", and redirects are not followed" if 300 <= status < 400 else "")

    def _headers(self, event: str, body: bytes) -> dict[str, str]:
        stamp = int(time.time())
        return {
            "Content-Type": "application/json",
            "User-Agent": "windtunnel",
            EVENT: event,
            TIMESTAMP: str(stamp),
            SIGNATURE: sign(self._secret, stamp, body),
        }


def _cut(connection: http.client.HTTPConnection, late: threading.Event) -> None:
    """End a request that takes too long; the thread that waits for it gets an error."""
    late.set()
    opened = connection.sock
    if opened is not None:
        try:
            opened.shutdown(socket.SHUT_RDWR)
        except OSError:
            return
