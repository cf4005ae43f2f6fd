"""What a program's process sends to the warden: values, its exception.

Standard library only. Nothing here is trusted: the program can change all of it in its own process.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from typing import Any

from values import plain

MAX_RECORD_BYTES = 768 * 1024
"""One `emit` or one exception."""
MAX_MEMBERS_BYTES = MAX_RECORD_BYTES - 8
"""The values of one record, less what encloses them."""

POSITIONS_A_RECORD = 512 * 1024


class Reporter:
    """Writes records to the value pipe."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def write(self, kind: bytes, payload: Mapping[str, Any]) -> None:
        """Send one record; `ValueError` if it is too large."""
        self._send(kind + json.dumps(payload).encode() + b"\n")

    def _send(self, line: bytes) -> None:
        if len(line) > MAX_RECORD_BYTES:
            raise ValueError(f"{len(line):,} bytes of JSON; at most {MAX_RECORD_BYTES:,} are taken")
        view = memoryview(line)
        while view:
            view = view[os.write(self._fd, view) :]

    def emit(self, *given: Any, **values: Any) -> None:
        """Return structured values from a strategy, by name or in a dictionary: numbers, text, lists, arrays, Series.

        What can be sent is sent; then `TypeError` or `ValueError` names each value that cannot, and why.
        """
        if given:
            if len(given) > 1 or not isinstance(given[0], Mapping):
                raise TypeError("emit takes values by name, emit(sharpe=1.2), or one dictionary of them")
            values = {str(name): value for name, value in given[0].items()} | values
        members, size = list[bytes](), 0
        refused: dict[str, Exception] = {}
        for name, value in values.items():
            try:
                member = _member(name, value)
            except MemoryError:
                raise
            except Exception as error:  # noqa: BLE001 - the value's own methods are called, which may raise anything
                refused[name] = error
                continue
            if members and size + len(member) > MAX_MEMBERS_BYTES:
                self._send(b"V{" + b",".join(members) + b"}\n")
                members, size = [], 0
            members.append(member)
            size += len(member) + 1
        if members:
            self._send(b"V{" + b",".join(members) + b"}\n")
        if refused:
            raise _refusal(refused, kept=len(values) - len(refused))

    def positions(self, packed: bytes) -> None:
        """Send what `signals` returned, in as many records as it takes."""
        text = base64.b64encode(packed)
        for start in range(0, len(text), POSITIONS_A_RECORD):
            self._send(b"P" + text[start : start + POSITIONS_A_RECORD] + b"\n")

    def probe(self, number: int, packed: bytes, failed: bytes) -> None:
        """Send what `signals` returned on changed data, or why it returned nothing."""
        text = base64.b64encode(packed).decode()
        self.write(b"L", {"number": number, "packed": text, "failed": failed.decode(errors="replace")[:200]})

    def dropped(self, name: str, reason: str) -> None:
        """Name a file that should have been there at the end and is not."""
        self.write(b"D", {"name": name, "bytes": 0, "reason": reason[:200]})


def _member(name: str, value: Any) -> bytes:
    """One value as a member of a JSON object; `ValueError` if it is too large for a record."""
    member = f"{json.dumps(name)}: {json.dumps(plain(value))}".encode()
    if len(member) > MAX_MEMBERS_BYTES:
        raise ValueError(f"{len(member):,} bytes of JSON; at most {MAX_MEMBERS_BYTES:,} are taken")
    return member


def _refusal(refused: Mapping[str, Exception], kept: int) -> Exception:
    """The error that names each value that was not sent, of the first one's type where a caller may expect it."""
    first = next(iter(refused.values()))
    kind = type(first) if type(first) in (TypeError, ValueError) else TypeError
    reasons = "; ".join(f"emit({name}=…): {error}" for name, error in refused.items())
    return kind(reasons + ("; the other values were kept" if kept else ""))
