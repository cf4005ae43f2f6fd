"""Sets aside what a worker cannot read, so that it is seen later and stops nothing now."""

from __future__ import annotations

import logging
from collections.abc import Callable

log = logging.getLogger(__name__)

MAX_KEPT_BYTES = 65_536
"""Of a message's bytes, this many are kept."""

SetAside = Callable[[str, str, bytes], None]
"""Keeps a message that cannot be read: its queue, the reason, its bytes as they were on the queue."""


def only_log(_queue: str, _reason: str, _body: bytes) -> None:
    """Keep nothing; the log line remains."""


def put_aside(keep: SetAside, queue: str, reason: str, body: bytes) -> None:
    """Log that a message was set aside and why, never its body, and hand it to `keep`. Never raises."""
    log.error("action=dead-letter queue=%s bytes=%d reason=%s", queue, len(body), reason)
    try:
        keep(queue, reason, body[:MAX_KEPT_BYTES])
    except Exception as error:  # noqa: BLE001 - a full or absent store must not stop the good messages
        log.error("action=dead-letter-lost queue=%s reason=%s", queue, type(error).__name__)
