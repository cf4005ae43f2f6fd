"""Gives each slot of a host a GPU of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from windtunnel.errors import SandboxFailure
from windtunnel_worker.locks import Lock, hold_first_free


def take_gpu(lock_dir: Path, gpus: Sequence[str]) -> tuple[str, Lock] | None:
    """Reserve a GPU for this slot until the lock is closed or the process ends; None if the host has no GPUs.

    `SandboxFailure` if all are taken.
    """
    for gpu in gpus:
        lock = hold_first_free(lock_dir, [f"gpu {gpu}"])
        if lock is not None:
            return gpu, lock
    if not gpus:
        return None
    raise SandboxFailure(
        f"All {len(gpus)} GPUs of this host are taken.", remedy="Start as many slots as WINDTUNNEL_GPUS names."
    )
