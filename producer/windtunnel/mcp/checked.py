"""A server that checks the names of parameters too, and says in few words which one is wrong."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult, InputRequiredResult
from pydantic import ValidationError

from windtunnel.contract.base import problems_of

_REQUEST: ContextVar[Any] = ContextVar("_REQUEST", default=None)
"""The HTTP request of the call in progress; None over stdio."""


async def caller_is_gone() -> bool:
    """Whether the connection of the call in progress is closed: over HTTP, the SDK does not cancel it then."""
    request = _REQUEST.get()
    return request is not None and await request.is_disconnected()


class CheckedServer(MCPServer):
    """Refuses what the SDK would drop silently: a program would run without the parameters that were meant."""

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool; `ToolError` names each parameter that is unknown or has a wrong value."""
        _REQUEST.set(context.request_context.request if context is not None else None)
        for tool in await self.list_tools():
            known = tool.input_schema.get("properties", {})
            unknown = sorted(set(arguments) - set(known)) if tool.name == name else []
            if unknown:
                there = ", ".join(known) or "none"
                raise ToolError(f"{name} has no parameter {unknown[0][:64]!r}; there are: {there}. Nothing was done.")
        try:
            return await super().call_tool(name, arguments, context)
        except ToolError as error:
            if isinstance(error.__cause__, ValidationError):
                problems = "; ".join(map(str, problems_of(error.__cause__, name)))
                raise ToolError(f"{problems}. Nothing was done.") from error
            raise
