"""What a program's process sends to the warden: values, files, its exception.

Standard library only. Nothing here is trusted: the program can change all of it in its own process.
"""

from __future__ import annotations

import base64
import json
import os
import stat
from collections.abc import Mapping
from typing import Any

from values import plain

MAX_RECORD_BYTES = 768 * 1024
"""One `emit`, one artifact in base64, or one exception."""
MAX_MEMBERS_BYTES = MAX_RECORD_BYTES - 8
"""The values of one record, less what encloses them."""
ARTIFACTS = "/tmp/artifacts"  # noqa: S108 - inside the sandbox
MAX_ARTIFACTS = 16
MAX_ARTIFACT_BYTES = 512 * 1024


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

    def emit(self, **values: Any) -> None:
        """Return structured values from a strategy: numbers, text, lists, dicts, arrays, Series.

        What can be sent is sent; then `TypeError` or `ValueError` names each value that cannot, and why.
        """
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

    def artifacts(self) -> None:
        """Send the regular files of the artifacts directory, as many and as large as are taken."""
        for entry in sorted(os.scandir(ARTIFACTS), key=lambda entry: entry.name)[:MAX_ARTIFACTS]:
            fd = os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with open(fd, "rb") as file:
                status = os.fstat(fd)
                if stat.S_ISREG(status.st_mode) and status.st_size <= MAX_ARTIFACT_BYTES:
                    content = base64.b64encode(file.read(MAX_ARTIFACT_BYTES)).decode()
                    self.write(b"A", {"name": entry.name, "content": content})


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
