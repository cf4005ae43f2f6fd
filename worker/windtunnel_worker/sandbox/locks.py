"""Names of which one process of a host holds each at a time."""

from __future__ import annotations

import errno
import hashlib
import socket
from collections.abc import Iterable


def hold_first_free(names: Iterable[str]) -> socket.socket | None:
    """Hold the first of these names that nobody holds; None when all are held.

    A name is held until the result is closed or the process ends, however it ends. It is an address in the kernel's
    abstract socket namespace, so that no file stays behind and no full disk is in the way.
    """
    for name in names:
        lock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            lock.bind(f"\0windtunnel-{hashlib.sha256(name.encode()).hexdigest()}")
        except OSError as error:
            lock.close()
            if error.errno != errno.EADDRINUSE:
                raise
        else:
            return lock
    return None
