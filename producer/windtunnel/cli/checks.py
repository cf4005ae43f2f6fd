"""One line of `windtunnel doctor`: what was looked at, whether it is well, and what to do if not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from windtunnel.errors import WindtunnelError


@dataclass(frozen=True)
class Check:
    """A thing that was looked at."""

    name: str
    well: bool
    detail: str


def check(name: str, look: Callable[[], str]) -> Check:
    """Look; an error of ours is the finding, with its remedy."""
    try:
        return Check(name, True, look())
    except WindtunnelError as error:
        return Check(name, False, str(error))
