"""Sends one signed request to a target, within a deadline. Follows no redirect, uses no proxy, reads no body."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path

from windtunnel.webhooks import EVENT, SIGNATURE, TIMESTAMP, sign
from windtunnel_worker.delivery.targets import Target

CONNECT_S = 5.0
"""For a connection, and for each pause in what the receiver sends."""
MOST_ADDRESSES = 4
DEADLINE_S = 10.0
"""For a whole request, however slowly the answer arrives."""


@dataclass(frozen=True)
class Answer:
    """What became of a request."""

    problem: str = ""
    """Why the receiver did not accept it; empty if it did."""
    final: bool = False
    """It is not to be sent again."""
    pause_s: float = 0.0
    """How long the receiver asks to wait before the next attempt."""


class _Pinned(http.client.HTTPConnection):
    """Connects to the target's addresses, even if its name resolves differently by now.

    The certificate must match the name.
    """

    def __init__(self, target: Target, connect_s: float, trust: ssl.SSLContext) -> None:
        super().__init__(target.host, target.port, timeout=connect_s)
        self._target, self._trust = target, trust

    def connect(self) -> None:
        """Open the connection."""
        self.sock = self._reached(self._target.addresses[:MOST_ADDRESSES])
        if self._target.tls:
            secured = self._trust.wrap_socket(
                self.sock, server_hostname=self._target.host, do_handshake_on_connect=False
            )
            self.sock = secured  # before the handshake, so that one that takes too long can be cut
            secured.do_handshake()

    def _reached(self, addresses: Sequence[str]) -> socket.socket:
        """A connection to the first address that answers, each within its part of the time."""
        problem: OSError | None = None
        for address in addresses:
            try:
                return socket.create_connection(
                    (address, self._target.port), (self.timeout or CONNECT_S) / len(addresses)
                )
            except OSError as error:
                problem = problem or error
        raise problem or OSError("no address")


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

    def send(self, target: Target, event: str, body: bytes) -> Answer:
        """Post an event. The receiver accepts it with any 2xx, and no further attempt is made after a 410."""
        silence_s = min(CONNECT_S, self._deadline_s)
        with closing(_Pinned(target, silence_s, self._trust)) as connection:
            late = threading.Event()
            timer = threading.Timer(self._deadline_s, _cut, (connection, late))
            timer.daemon = True
            timer.start()
            try:
                connection.request("POST", target.path, body, self._headers(event, body))
                with connection.getresponse() as response:
                    return _meaning(response.status, response.getheader("Retry-After", ""))
            except TimeoutError:
                return Answer(f"no answer within {silence_s:g} s")
            except (OSError, http.client.HTTPException, ValueError) as error:
                silent = f"no answer within {self._deadline_s:g} s"
                return Answer(silent if late.is_set() else f"{type(error).__name__}: {error}")
            finally:
                timer.cancel()

    def _headers(self, event: str, body: bytes) -> dict[str, str]:
        stamp = int(time.time())
        return {
            "Content-Type": "application/json",
            "User-Agent": "windtunnel",
            EVENT: event,
            TIMESTAMP: str(stamp),
            SIGNATURE: sign(self._secret, stamp, body),
        }


def _meaning(status: int, retry_after: str) -> Answer:
    if 200 <= status < 300:
        return Answer()
    if status == HTTPStatus.GONE:
        return Answer("answered 410: it accepts no further webhooks", final=True)
    if 300 <= status < 400:
        return Answer(f"answered {status}, and redirects are not followed")
    return Answer(f"answered {status}", pause_s=_seconds(retry_after))


def _seconds(retry_after: str) -> float:
    """What a `Retry-After` header asks for, a number of seconds or a date; 0 if it cannot be read."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
    except (ValueError, OverflowError):
        return 0.0


def _cut(connection: http.client.HTTPConnection, late: threading.Event) -> None:
    """End a request that takes too long; the thread that waits for it gets an error."""
    late.set()
    opened = connection.sock
    if opened is not None:
        try:
            opened.shutdown(socket.SHUT_RDWR)
        except OSError:
            return
