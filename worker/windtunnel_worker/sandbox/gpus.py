"""Gives each slot of a host a GPU of its own."""

from __future__ import annotations

from collections.abc import Sequence
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from tempfile import gettempdir
from typing import IO

from windtunnel.errors import SandboxFailure

_held: list[IO[str]] = []
"""Locks of this process: a GPU is its slot's until the process ends, however it ends."""


def take_gpu(host: str, gpus: Sequence[str]) -> str | None:
    """One GPU that no other slot has; None where the host has none. `SandboxFailure` when all are taken."""
    if not gpus:
        return None
    for gpu in gpus:
        lock = (Path(gettempdir()) / f"windtunnel-{host}-gpu.{gpu}").open("w")
        try:
            flock(lock, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        _held.append(lock)
        return gpu
    raise SandboxFailure(
        f"All {len(gpus)} GPUs of this host are taken.", remedy="Start as many slots as WINDTUNNEL_GPUS names."
    )
