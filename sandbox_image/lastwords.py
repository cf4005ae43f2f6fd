"""How a program whose time is over is asked where it is, and to write the output it holds back.

Standard library only. The warden sends a signal shortly before it kills; the kernel sends one a second before it ends
what has used up its processor time. `faulthandler` answers at once, even within a call of a library that takes for
ever, and writes the calls of all threads to the pipe of the records; the interpreter answers between two of the
program's own steps. Nothing here is trusted: the program can change all of it in its own process, and is killed whether
it answers or not.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
import sys

ASK = signal.SIGRTMAX
RECORDS = 19
"""The descriptor of the pipe of the records, in a program's process."""
FLUSHED = b"."
"""The line that says that the answer is complete."""


def listen() -> None:
    """Answer on `RECORDS` from now on, here and in every fork."""

    def flush(asked: int, _: object) -> None:
        for stream in (sys.stdout, sys.__stdout__, sys.stderr, sys.__stderr__):
            with contextlib.suppress(BaseException):  # closed, replaced, or in the middle of a write
                stream.flush()  # type: ignore[union-attr]
        with contextlib.suppress(OSError):
            os.write(RECORDS, FLUSHED + b"\n")
        if asked == signal.SIGXCPU:
            signal.signal(asked, signal.SIG_DFL)
            os.kill(os.getpid(), asked)

    for asked in (ASK, signal.SIGXCPU):
        signal.signal(asked, flush)
        faulthandler.register(asked, file=RECORDS, all_threads=True, chain=True)
