"""What the warden reads of a program and forwards: its two outputs and the records of its value pipe.

Standard library only. The program writes what it likes: all of it is drained, and bounded.
"""

from __future__ import annotations

from host import Host
from interpreter import IMPORTED
from lastwords import FLUSHED
from reporter import MAX_RECORD_BYTES

MAX_RECORDS = {
    b"V": (1024 * 1024, 100_000),
    b"P": (6 * 1024 * 1024, 64),
    b"L": (6 * 1024 * 1024, 64),
    b"F": (1024 * 1024, 64),
    b"D": (64 * 1024, 1024),
}
"""Bytes and number of all records of a kind; what is more is dropped and counted. Each is work for the host."""
MAX_PLACE_BYTES = 32 * 1024
PLACE = (b"Thread 0x", b"Current thread 0x", b"  ")
"""How the lines begin that `faulthandler` writes; a record begins with its kind."""
FLOOD_FACTOR = 64
"""A program that writes more than this many times what is kept of its output is stopped, however fast it was."""
OUTPUT_FRAME_BYTES = 256 * 1024
"""What is kept of the end of an output goes in frames of this size."""


class Output:
    """Forwards one output pipe up to its limit, then keeps the end of what follows, and drains it all."""

    def __init__(self, fd: int, kind: bytes, limit: int, host: Host) -> None:
        self.fd, self._kind, self._limit, self._host = fd, kind, limit, host
        self._last = bytearray()
        self._most = limit - limit // 2
        self.total = 0

    def take(self, chunk: bytes) -> None:
        """Handle what was read."""
        room = max(0, self._limit - self.total)
        if room:
            self._host.hold(self._kind, chunk[:room])
        self.total += len(chunk)
        self._last += chunk[room:]
        if len(self._last) > 2 * self._most + len(chunk):  # now and then, as it moves what is kept
            self._forget()

    def _forget(self) -> None:
        del self._last[: max(0, len(self._last) - self._most)]

    def end(self) -> None:
        """Forward the end of what went beyond the limit."""
        self._forget()
        for start in range(0, len(self._last), OUTPUT_FRAME_BYTES):
            self._host.hold(self._kind, bytes(self._last[start : start + OUTPUT_FRAME_BYTES]))

    @property
    def flooded(self) -> bool:
        """True when the program has written more than any program needs."""
        return self.total > self._limit * FLOOD_FACTOR


class Records:
    """Forwards the lines of the program's value pipe: a kind byte, then JSON or base64."""

    def __init__(self, fd: int, host: Host) -> None:
        self.fd, self._host = fd, host
        self._line = bytearray()
        self._room = dict(MAX_RECORDS)
        self._place = bytearray()
        self.answered = False
        """The program has said where it is, and that it has written what it held back."""
        self.dropped = 0

    def take(self, chunk: bytes) -> None:
        """Handle what was read."""
        *ended, rest = chunk.split(b"\n")
        for part in ended:
            self._line += part
            self._forward()
        self._line += rest[: MAX_RECORD_BYTES + 1 - len(self._line)]

    def _forward(self) -> None:
        line, self._line = bytes(self._line), bytearray()
        kind = line[:1]
        if kind == IMPORTED:
            return  # it came too late to be waited for
        if line == FLUSHED:
            self.answered = True
            return
        if not line or line.startswith(PLACE):
            self._place += (line + b"\n")[: MAX_PLACE_BYTES - len(self._place)]
            return
        room, number = self._room.get(kind, (0, 0))
        if not number or len(line) > min(room, MAX_RECORD_BYTES):
            self.dropped += 1
            return
        self._room[kind] = room - len(line), number - 1
        self._host.hold(kind, line[1:])

    def end(self) -> None:
        """Forward where the program was when it was asked."""
        if self._place:
            self._host.hold(b"W", bytes(self._place))
