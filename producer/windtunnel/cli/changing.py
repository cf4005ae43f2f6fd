"""`windtunnel retry` and `cancel`."""

from __future__ import annotations

import json as plain_json
from typing import Annotated

import typer

from windtunnel import texts
from windtunnel.cli.options import AsJson, JobOrBatch
from windtunnel.client import Client
from windtunnel.contract import Outcome


def retry(
    name: JobOrBatch,
    outcome: Annotated[
        list[Outcome] | None,
        typer.Option(metavar="OUTCOME", help="Only jobs with this outcome, such as failed. May be repeated."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Run finished jobs again; of a batch, by default, those that did not succeed.

    Each runs as a new attempt, and earlier attempts stay in the report.
    """
    with Client() as client:
        again = client.retry(client.find(name), outcomes=outcome)
    if json:
        typer.echo(plain_json.dumps({"queued": again}, indent=2))
        return
    typer.echo(f"{texts.jobs(len(again))} queued again")


def cancel(name: JobOrBatch, json: AsJson = False) -> None:
    """Cancel a job, or all jobs of a batch that have not ended. Running jobs stop within two seconds."""
    with Client() as client:
        name = client.find(name)
        count = client.cancel(name)
    if json:
        typer.echo(plain_json.dumps({"id": name, "cancelled": count}, indent=2))
    elif count:
        typer.echo(f"{texts.jobs(count)} cancelled")
        typer.echo(f"See the result with: windtunnel status {name}", err=True)
    else:
        typer.echo(f"nothing to cancel: {name} has already ended or is being cancelled")
