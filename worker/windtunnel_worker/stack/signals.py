"""The signals that the supervisor waits for, as something a selector can wait for. Standard library only."""

from __future__ import annotations

import os
import select
import signal
from contextlib import suppress
from types import FrameType

STOP = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Signals:
    """Readable when a signal has arrived: Ctrl-C, TERM or HUP, or the end of a child."""

    def __init__(self) -> None:
        self._stops = 0
        self._reading, writing = os.pipe()
        for end in (self._reading, writing):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in STOP:
            # What `nohup` had ignored stays ignored.
            if signal.getsignal(number) is not signal.SIG_IGN or number != signal.SIGHUP:
                signal.signal(number, self._note)
        # `up` held them back until somebody would listen.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._stops += 1

    def fileno(self) -> int:
        """For the selector."""
        return self._reading

    def wait(self, timeout_s: float) -> None:
        """Sleep until a signal arrives, for so long at most."""
        if select.select([self._reading], [], [], timeout_s)[0]:
            self.drain()

    def drain(self) -> None:
        """Empty it, after the selector has woken."""
        with suppress(BlockingIOError):
            os.read(self._reading, 65_536)

    @property
    def stop(self) -> bool:
        """True once somebody asked for the end."""
        return self._stops > 0

    @property
    def urgent(self) -> bool:
        """True once somebody asked again."""
        return self._stops > 1
