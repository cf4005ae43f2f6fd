"""One line of `windtunnel doctor`: what was checked, whether it is well, and what to do if not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from windtunnel.errors import WindtunnelError


@dataclass(frozen=True)
class Check:
    """The result of one check."""

    name: str
    well: bool
    detail: str


def check(name: str, look: Callable[[], str]) -> Check:
    """Run a check. Its result is what `look` returns, or the text of the error it raises."""
    try:
        return Check(name, True, look())
    except WindtunnelError as error:
        return Check(name, False, str(error))
