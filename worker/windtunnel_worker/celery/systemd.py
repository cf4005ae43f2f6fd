"""Tells systemd that a role is ready and alive (see sd_notify(3)), if systemd started it."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time

log = logging.getLogger(__name__)

READY, STOPPING, ALIVE = "READY=1", "STOPPING=1", "WATCHDOG=1"


def notify(state: str) -> None:
    """Send a state to the service manager. A failure is only logged."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):  # an abstract socket
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as manager:
            manager.sendto(state.encode(), address)
    except OSError as error:
        log.warning("action=notify-failed state=%s reason=%s", state, error)


def be_alive_regularly() -> None:
    """Report regularly that this process is alive, for roles without a queue. Does nothing without WatchdogSec."""
    microseconds = int(os.environ.get("WATCHDOG_USEC") or 0)
    if not microseconds:
        return

    def beat() -> None:
        while True:
            notify(ALIVE)
            time.sleep(microseconds / 3e6)

    threading.Thread(target=beat, name="systemd", daemon=True).start()
