"""Finds sandbox images and their content digests. Never pulls: what runs is what the operator put there."""

from __future__ import annotations

from dataclasses import dataclass

from windtunnel_worker.sandbox.engine import engine, engine_errors


@dataclass(frozen=True)
class Image:
    """An image on this host; `digest` is the digest of its configuration, the same on every host."""

    name: str
    digest: str


def find(name: str) -> Image:
    """`ImageNotFound` if it is not on this host."""
    with engine_errors(name):
        return Image(name, str(engine().images.get(name).id))
