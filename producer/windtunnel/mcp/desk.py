"""Runs the calls of agents within limits for each token."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import Any, Concatenate, ParamSpec, TypeVar

import anyio
from mcp.server.mcpserver.exceptions import ToolError

from windtunnel.errors import StoreUnavailable, WindtunnelError
from windtunnel.mcp.access import Access
from windtunnel.mcp.answers import text
from windtunnel.mcp.checked import caller_is_gone
from windtunnel.mcp.turns import Turns

log = logging.getLogger(__name__)

MOST_WAIT_S = 50.0
CALLS_AT_A_TIME, WAITS_AT_A_TIME = 8, 4

P = ParamSpec("P")
R = TypeVar("R")


class Desk:
    """Runs calls: identifies the caller, limits the calls in progress, and turns errors into text.

    Once `ending` is true, waits answer with how things stand.
    """

    def __init__(self, who: Callable[[], Access], ending: Callable[[], bool] = lambda: False) -> None:
        self._who, self._ending = who, ending
        self._calls = Turns("calls", CALLS_AT_A_TIME)
        self._waits = Turns("waiting calls", WAITS_AT_A_TIME)

    async def call(self, operation: Callable[Concatenate[Access, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run an operation in a thread."""
        access = self._who()
        try:
            with self._calls.one(access.token):
                return await anyio.to_thread.run_sync(partial(operation, access, *args, **kwargs))
        except WindtunnelError as error:
            raise _as_tool_error(error) from error

    async def wait(
        self, ask: Callable[[Access, str], dict[str, Any]], name: str, seconds: float, *, began: bool = False
    ) -> dict[str, Any]:
        """Ask until it is done or the seconds have passed.

        With too many waits under way, a call that `began` something asks once: its answer has the id to ask for later.
        """
        if seconds <= 0 or (began and self._waits.taken(self._who().token)):
            return await self.call(ask, name)
        try:
            with self._waits.one(self._who().token):
                until, pause = monotonic() + seconds, 0.05
                while True:
                    found = await self.call(ask, name)
                    left = until - monotonic()
                    if found["done"] or left <= 0 or self._ending() or await caller_is_gone():
                        return found
                    await anyio.sleep(min(pause, left))
                    pause = min(1.0, 1.5 * pause)
        except WindtunnelError as error:
            raise _as_tool_error(error) from error


def _as_tool_error(error: WindtunnelError) -> ToolError:
    if isinstance(error, StoreUnavailable):  # its text names the deployment's Redis
        log.warning("action=agent-call-failed reason=%s", error)
        return ToolError("Windtunnel's records do not answer now. Nothing is lost; try again in a minute.")
    remedy = "" if "`windtunnel " in error.remedy else error.remedy  # agents have no terminal
    return ToolError(text(f"{error.message} {remedy}".strip()))
