"""`windtunnel retry` and `cancel`."""

from __future__ import annotations

from typing import Annotated

import typer

from windtunnel.cli import texts
from windtunnel.cli.options import JobOrBatch
from windtunnel.client import Client
from windtunnel.contract import Outcome


def retry(
    name: JobOrBatch,
    outcome: Annotated[list[Outcome] | None, typer.Option(help="Only jobs that ended so; may be given again.")] = None,
) -> None:
    """Run finished jobs again, each as a new attempt; of a batch, by default, all that did not succeed.

    Earlier attempts stay in the report.
    """
    with Client() as client:
        again = client.retry(name, outcomes=outcome)
    typer.echo(f"{texts.jobs(len(again))} queued again")


def cancel(name: JobOrBatch) -> None:
    """Cancel a job, or all jobs of a batch that have not ended. What runs is stopped within two seconds."""
    with Client() as client:
        count = client.cancel(name)
    if count:
        typer.echo(f"{texts.jobs(count)} cancelled")
        typer.echo(f"See what became of it with: windtunnel status {name}", err=True)
    else:
        typer.echo(f"nothing to cancel: {name} has already ended or is being cancelled")
