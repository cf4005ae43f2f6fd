"""The frames between the warden and the host: what they are is in warden.py.

Standard library only.
"""

from __future__ import annotations

import math
import os
import select
import struct
import time

from interpreter import write_all

HEADER = struct.Struct(">cI")
MAX_JOB_BYTES = 8 * 1024 * 1024
"""More than the largest job takes: a megabyte of code, of which JSON makes six where it is control characters."""
IDLE_S = 900.0
"""A sandbox that gets no job for so long ends itself."""
HOLD_S = 0.05
HELD_BYTES = 64 * 1024
"""For how long and up to what size the program's output waits for more to go with it."""


class Host:
    """The frames to and from the host."""

    def __init__(self, source: int, sink: int) -> None:
        self.source = source
        self._sink = sink
        self._held = bytearray()
        self._due = math.inf

    def send(self, kind: bytes, payload: bytes = b"") -> None:
        """Write one frame, after those that are held back."""
        self.hold(kind, payload)
        self.flush()

    def hold(self, kind: bytes, payload: bytes = b"") -> None:
        """Hold one frame back for a moment: most programs write little and end, which then is one message."""
        if not self._held:
            self._due = time.monotonic() + HOLD_S
        self._held += HEADER.pack(kind, len(payload)) + payload
        if len(self._held) > HELD_BYTES:
            self.flush()

    def patience(self) -> float:
        """Seconds for which no frame that is held back has to go."""
        return max(0.0, self._due - time.monotonic())

    def flush(self) -> None:
        """Write whole what is held back."""
        held = bytes(self._held)
        self._held.clear()
        self._due = math.inf
        write_all(self._sink, held)

    def read_job(self) -> bytes | None:
        """The job's JSON, or None when the host went away or let the sandbox idle too long."""
        ready = select.select([self.source], [], [], IDLE_S)[0]
        header = self._read(HEADER.size) if ready else None
        if header is None:
            return None
        kind, length = HEADER.unpack(header)
        if kind != b"J" or length > MAX_JOB_BYTES:
            raise SystemExit(f"warden: expected a job, got {kind!r} of {length} bytes")
        return self._read(length)

    def await_close(self) -> None:
        """Wait until the host closes the stream."""
        while os.read(self.source, 4096):
            pass

    def _read(self, length: int) -> bytes | None:
        data = bytearray()
        while len(data) < length:
            chunk = os.read(self.source, length - len(data))
            if not chunk:
                return None
            data += chunk
        return bytes(data)
