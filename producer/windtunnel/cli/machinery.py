"""`windtunnel hosts`, `drain`, `undrain` and `dead`: for operators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from windtunnel import texts
from windtunnel.cli.options import AsJson, as_json
from windtunnel.client import Client
from windtunnel.contract import HostStatus

HostName = Annotated[str, typer.Argument(help="A host, as `windtunnel hosts` names it.", metavar="HOST")]


def hosts(json: AsJson = False) -> None:
    """List the execution hosts seen within the last day.

    With the slots and images of each, and why a host does not take work.
    """
    with Client() as client:
        found = client.hosts()
    if json:
        typer.echo(as_json(found))
    elif found:
        from windtunnel.cli import render

        render.console().print(render.hosts(found))
    else:
        typer.echo("No execution host was seen within the last day. `windtunnel up` starts one on this machine.")


def drain(host: HostName, json: AsJson = False) -> None:
    """Let a host finish the jobs it runs and take no new ones. Use it before switching a host off."""
    with Client() as client:
        client.drain(host)
        named = [one for one in client.hosts() if one.host == host]
    if json:
        typer.echo(as_json(named))
        return
    typer.echo(
        f"{host} takes no further work: {what_it_does(named)}. `windtunnel undrain {host}` lets it take work again."
    )


def undrain(host: HostName, json: AsJson = False) -> None:
    """Let a host take jobs again, also one that paused itself."""
    with Client() as client:
        client.undrain(host)
        named = [one for one in client.hosts() if one.host == host]
    if json:
        typer.echo(as_json(named))
        return
    there = any(one.live for one in named)
    typer.echo(f"{host} takes work again{'' if there else ' when it runs; it is silent now'}.")


def what_it_does(hosts: Sequence[HostStatus]) -> str:
    """What a drained host still does."""
    if not any(one.live for one in hosts):
        return "it is silent now, and will take none when it runs again"
    busy = sum(one.busy for one in hosts)
    return f"{texts.jobs(busy)} still on it; `windtunnel hosts` shows when it is idle" if busy else "it is idle"


def dead(
    count: Annotated[int, typer.Option(metavar="NUMBER", help="How many, newest first.", min=1, max=1000)] = 100,
    resend: Annotated[
        bool, typer.Option("--resend", help="Send all given-up webhooks again, then list the rest.")
    ] = False,
    json: AsJson = False,
) -> None:
    """List messages that no worker could read, and webhooks that were given up.

    No job is lost with them, since the records have all jobs.
    """
    with Client() as client:
        if resend:
            typer.echo(f"{texts.counted(client.resend_webhooks(), 'webhook')} will be sent again.", err=True)
        found = client.dead_letters(count)
    if json:
        typer.echo(as_json(found))
    elif found:
        from windtunnel.cli import render

        render.console().print(render.dead_letters(found))
    else:
        typer.echo("No unreadable messages, and no webhooks that were given up.")
