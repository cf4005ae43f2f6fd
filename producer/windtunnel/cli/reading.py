"""`windtunnel status`, `report`, `history` and `stats`: the records of jobs, batches and the queue."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from windtunnel.cli.options import SHORT, AsJson, JobId, JobOrBatch, as_json, known_form, write_file
from windtunnel.cli.waiting import Hint
from windtunnel.client import BatchId, Client, is_job
from windtunnel.contract import BatchStatus

JOBS_SHOWN = 50


def status(
    name: Annotated[
        str | None,
        typer.Argument(
            help=f"The id of a job or of a batch; without it, the newest batches. {SHORT}",
            metavar="JOB|BATCH",
            parser=known_form,
        ),
    ] = None,
    json: AsJson = False,
) -> None:
    """Show the status of a job or a batch, or list the newest batches."""
    with Client() as client:
        name = name and client.find(name)
        if name is not None:
            Hint(client, name).look()
        if not json:
            _print_status(client, name)
        elif name is None:
            typer.echo(as_json(client.batches()))
        else:
            typer.echo(as_json(client.status(name)))


def _print_status(client: Client, name: str | None) -> None:
    from windtunnel.cli import render

    if name is None:
        found = client.batches()
        if found:
            render.console().print(render.batches(found))
        else:
            typer.echo("No batches. `windtunnel run FILE` or `windtunnel submit FILE` makes one.")
        return
    one = client.status(name)
    if isinstance(one, BatchStatus):
        render.console().print(render.batch(one, client.jobs(name, size=JOBS_SHOWN)))
    else:
        render.console().print(render.batch(client.status(BatchId(one.batch_id)), [one]))


def report(
    name: JobOrBatch,
    json: AsJson = False,
    html: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write an HTML page into this file; - is standard output.",
            show_default="text on the terminal",
        ),
    ] = None,
) -> None:
    """Print the report of a job, or those of a batch, or write them as an HTML page.

    For a batch, --json prints one report per line.
    """
    with Client() as client:
        name = client.find(name)
        if html is not None:
            write_file(html, client.page(name).encode())
            return
        if json:
            if is_job(name):
                typer.echo(as_json(client.report(name)))
            else:
                for one in client.reports(name):
                    typer.echo(as_json(one, indent=None))
            return
        from windtunnel.cli import render, render_report

        if is_job(name):
            render.console().print(render_report.report(client.report(name)))
        else:
            current = client.status(BatchId(name))
            render.console().print(render.batches([current]), render_report.reports(client.reports(name)))


def history(job: JobId, json: AsJson = False) -> None:
    """Print every change of a job's state, with the time and who made it."""
    with Client() as client:
        transitions = client.history(client.find(job))
    if json:
        typer.echo(as_json(transitions))
    else:
        from windtunnel.cli import render

        render.console().print(render.history(transitions))


def stats(json: AsJson = False) -> None:
    """Show the state of the whole queue.

    That is: jobs ready and running, jobs waiting by owner and priority, the slot-seconds that each owner used, the
    oldest batch, and all outcomes so far.
    """
    with Client() as client:
        found = client.stats()
    if json:
        typer.echo(as_json(found))
    else:
        from windtunnel.cli import render, render_stats

        render.console().print(render_stats.stats(found))
