"""Commands in a virtual machine through QEMU's guest agent, over a serial line: the machine needs no network."""

from __future__ import annotations

import base64
import itertools
import json
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

POLL_S = 0.5


class MachineError(Exception):
    """The machine does not answer in time, or a command in it failed."""


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it said."""

    exit_code: int
    stdout: str
    stderr: str


class Agent:
    """The agent of one machine. A call is a line of JSON, and so is its answer."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            self._socket.connect(str(path))
        except OSError:
            self._socket.close()
            raise
        self._buffer = b""
        self._numbers = itertools.count(1)

    def close(self) -> None:
        self._socket.close()

    def answers(self, timeout_s: float) -> bool:
        """Whether the agent answers within this time."""
        number = next(self._numbers)
        try:
            self._send({"execute": "guest-sync", "arguments": {"id": number}})
            until = time.monotonic() + timeout_s
            # Answers to questions before this one, which nobody waited for, come first.
            while self._line(until).get("return") != number:
                pass
        except (TimeoutError, BlockingIOError):
            return False
        return True

    def run(self, command: str, timeout_s: float) -> Ended:
        """Run this for bash, as root. Raises `MachineError` when it does not end in time."""
        variables = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8"]
        arguments = {"path": "/bin/bash", "arg": ["-c", command], "env": variables, "capture-output": True}
        until = time.monotonic() + timeout_s
        pid = self._call("guest-exec", **arguments)["pid"]
        while not (status := self._call("guest-exec-status", pid=pid))["exited"]:
            if time.monotonic() > until:
                raise MachineError(f"this did not end within {timeout_s:.0f} s: {command}")
            time.sleep(POLL_S)
        said = (base64.b64decode(status.get(name, "")).decode(errors="replace") for name in ("out-data", "err-data"))
        return Ended(status.get("exitcode", -1), *said)

    def _call(self, what: str, **arguments: Any) -> Any:
        self._send({"execute": what, "arguments": arguments})
        try:
            answer = self._line(time.monotonic() + 120)
        except TimeoutError:
            raise MachineError(f"the agent gave no answer to {what}") from None
        if "error" in answer:
            raise MachineError(f"{what}: {answer['error'].get('desc')}")
        return answer["return"]

    def _send(self, message: dict[str, Any]) -> None:
        self._socket.settimeout(10)
        self._socket.sendall(json.dumps(message).encode() + b"\n")

    def _line(self, until: float) -> dict[str, Any]:
        while b"\n" not in self._buffer:
            self._socket.settimeout(max(0.01, until - time.monotonic()))
            received = self._socket.recv(2**16)
            if not received:
                raise MachineError("the machine is gone")
            self._buffer += received
        line, self._buffer = self._buffer.split(b"\n", 1)
        found: dict[str, Any] = json.loads(line.lstrip(b"\xff"))
        return found
