"""Gives each slot of a host a GPU of its own."""

from __future__ import annotations

import socket
from collections.abc import Sequence

from windtunnel.errors import SandboxFailure
from windtunnel_worker.sandbox.locks import hold_first_free

_held: list[socket.socket] = []
"""Locks of this process: a GPU is its slot's until the process ends, however it ends."""


def take_gpu(host: str, gpus: Sequence[str]) -> str | None:
    """One GPU that no other slot has; None where the host has none. `SandboxFailure` when all are taken."""
    for gpu in gpus:
        lock = hold_first_free([f"{host} gpu {gpu}"])
        if lock is not None:
            _held.append(lock)
            return gpu
    if not gpus:
        return None
    raise SandboxFailure(
        f"All {len(gpus)} GPUs of this host are taken.", remedy="Start as many slots as WINDTUNNEL_GPUS names."
    )
