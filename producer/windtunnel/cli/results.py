"""`windtunnel leaderboard`, `errors`, `compare`, `export` and `repro`: results of several jobs."""

from __future__ import annotations

import json as plain_json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from windtunnel.cli.exits import DONE, NOT_SUCCEEDED
from windtunnel.cli.options import AsJson, BatchName, Form, JobId, as_json, write_file
from windtunnel.client import Client
from windtunnel.errors import FieldProblem, InvalidInput, NotFound
from windtunnel.texts import harmless

if TYPE_CHECKING:
    from windtunnel.contract import BatchStatus, JobStatus


def leaderboard(
    batch: BatchName,
    most: Annotated[int, typer.Option("--most", metavar="NUMBER", help="Jobs to show.", min=1)] = 20,
    spa: Annotated[
        bool, typer.Option("--spa", help="Also test whether the best beats cash, and buy and hold (Hansen's SPA).")
    ] = False,
    json: AsJson = False,
) -> None:
    """Rank the jobs of a batch, and say how much of it luck alone explains.

    Only figures that Windtunnel computed from returned positions count.
    """
    with Client() as client:
        batch = client.find(batch)
        board, status = client.leaderboard(batch), client.status(batch)
        tests = client.superior(batch) if spa else ()
    from windtunnel.cli import render_results

    if json:
        tested = {"superior_predictive_ability": [asdict(one) for one in tests]} if spa else {}
        typer.echo(plain_json.dumps({**render_results.plain_board(board), **tested}, indent=2))
    else:
        from windtunnel.cli import render

        render.console().print(render_results.board(board, most))
        if spa:
            render.console().print(render_results.superior(tests))
        _say_what_is_missing(status)


def errors(
    batch: BatchName,
    json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    form: Annotated[
        Form, typer.Option("--format", metavar="text|json|prompt", help="prompt: at most 4 KB, for a model.")
    ] = Form.TEXT,
) -> None:
    """Group the failures of a batch by what went wrong, with a remedy for each."""
    form = Form.JSON if json else form
    with Client() as client:
        batch = client.find(batch)
        if form is Form.PROMPT:
            typer.echo(harmless(client.errors_prompt(batch)))
            return
        found, status = client.errors(batch), client.status(batch)
        data = {}
        for name in sorted({name for one in found for name in one.datasets}):
            with suppress(NotFound):
                data[name] = client.datasets.show(name).facts
    from windtunnel.analysis.clusters import described
    from windtunnel.cli import render, render_results

    if form is Form.JSON:
        typer.echo(plain_json.dumps([render_results.plain_cluster(one) for one in found], indent=2))
    else:
        render.console().print(render_results.clusters(found))
        for name, facts in data.items():
            render.console().print(render.foreign(described(name, facts)))
        _say_what_is_missing(status)


def _say_what_is_missing(status: JobStatus | BatchStatus) -> None:
    from windtunnel import texts
    from windtunnel.contract import BatchStatus

    if isinstance(status, BatchStatus) and not status.done:
        typer.echo(f"So far: {texts.jobs(status.total - status.finished)} not finished.")


def compare(job: JobId, other: JobId, json: AsJson = False) -> None:
    """Compare two jobs side by side."""
    with Client() as client:
        pair = client.report(client.find(job)), client.report(client.find(other))
    if json:
        typer.echo(as_json(pair))
        return
    from windtunnel.cli import render, render_results

    render.console().print(render_results.comparison(*pair))


def export(
    batch: BatchName,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="A CSV file.", show_default=False)] = None,
    parquet: Annotated[Path | None, typer.Option(metavar="FILE", help="A Parquet file.", show_default=False)] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="A JSON file.", show_default=False)] = None,
) -> None:
    """Write the reports of a batch to a CSV, Parquet or JSON file.

    The columns and their types are the same for every batch. Give - as the file for standard output.
    """
    files = {form: file for form, file in (("csv", csv), ("parquet", parquet), ("json", json)) if file is not None}
    if not files:
        raise InvalidInput([FieldProblem("export", "needs a file")], remedy="Give --csv, --parquet or --json FILE.")
    with Client() as client:
        batch = client.find(batch)
        for form, file in files.items():
            write_file(file, client.export(batch, form))


def repro(job: JobId, json: AsJson = False) -> None:
    """Run a job again on the same data and compare. Exit code 0 only if everything is the same, byte for byte."""
    with Client() as client:
        job = client.find(job)
        try:
            found = client.reproduce(job)
        except KeyboardInterrupt:
            raise KeyboardInterrupt("The new job continues; `windtunnel status` lists it.") from None
    if json:
        typer.echo(plain_json.dumps({"identical": found.identical, **asdict(found)}, indent=2))
    else:
        same = "identical to" if found.identical else "not the same as"
        typer.echo(f"{found.again_id} is {same} {found.job_id}.")
        for one in found.differences:
            typer.echo(harmless(f"{one.what}: {one.first!r}, then {one.again!r}"))
        for reason in found.reasons:
            typer.echo(harmless(f"possible reason: {reason}"))
    raise typer.Exit(DONE if found.identical else NOT_SUCCEEDED)
