"""How long a program may be judged. What passes every other bound and still takes long ends here."""

from __future__ import annotations

import time

_EVERY = 64


class TooLong(Exception):
    """The analysis of a program has used all the processor time that it may."""


class Budget:
    """Processor time of this thread, in seconds: of the clock a program would get less on a busy machine."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        self._ends = time.thread_time() + seconds
        self._steps = 0

    def step(self) -> None:
        """Count a piece of work. Raises `TooLong` when the time is over."""
        self._steps += 1
        if self._steps % _EVERY == 0 and time.thread_time() > self._ends:
            raise TooLong
