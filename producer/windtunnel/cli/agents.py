"""`windtunnel mcp`: tools for AI agents, over stdio or HTTP."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from windtunnel.cli.exits import DONE
from windtunnel.errors import ExtraMissing, FieldProblem, InvalidInput
from windtunnel.mcp import EXAMPLE
from windtunnel.ports import require_free
from windtunnel.records import records_of
from windtunnel.settings import client_settings


def mcp(
    http: Annotated[bool, typer.Option("--http", help="Serve HTTP on this machine's loopback address.")] = False,
    port: Annotated[int, typer.Option(metavar="NUMBER", help="The port, with --http.", min=1, max=65535)] = 8765,
    tokens: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A TOML file with the callers' tokens and allowances, with --http."),
    ] = None,
    strict: Annotated[
        bool, typer.Option(envvar="WINDTUNNEL_STRICT", help="Also reject programs with findings of level HIGH.")
    ] = True,
    policies: Annotated[
        Path | None,
        typer.Option(
            envvar="WINDTUNNEL_POLICIES", metavar="FOLDER", help="A folder with validation policies of your own."
        ),
    ] = None,
) -> None:
    """Serve tools for AI agents over the Model Context Protocol.

    Over stdio for one agent, or over HTTP for several, each with a token.
    """
    if http and tokens is None:
        raise InvalidInput([FieldProblem("--tokens", "is needed with --http")], remedy=EXAMPLE)
    if tokens is not None and not http:
        raise InvalidInput([FieldProblem("--tokens", "is for --http: over stdio there is one caller")])
    try:
        from windtunnel.mcp.access import Access, Tokens
        from windtunnel.mcp.server import local_server, serve_http
    except ImportError as error:
        raise ExtraMissing("The server for agents", "mcp") from error
    from windtunnel.client import Client
    from windtunnel.mcp.tools import Tools
    from windtunnel.validation import SecurityValidator

    settings = client_settings()
    with closing(records_of(settings)) as records:
        client = Client(settings=settings, records=records)
        tools = Tools(client, records, settings, SecurityValidator(strict, policies=policies))
        if tokens is None:
            local_server(tools, Access(f"stdio-{settings.owner}"[:128], settings.owner)).run()
        else:
            known = Tokens.read(tokens)
            require_free("--port", port)
            typer.echo(f"Serving agents at http://127.0.0.1:{port}/mcp, until Ctrl-C.", err=True)
            serve_http(tools, known, port)
    raise typer.Exit(DONE)
