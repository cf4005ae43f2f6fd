"""`windtunnel archive`: the Parquet files in which finished reports are kept."""

from __future__ import annotations

import json as plain_json
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer

from windtunnel.archive import GRACE_S, SETTING, SHORTEST_GRACE_S, Archive
from windtunnel.cli.options import AsJson
from windtunnel.errors import FieldProblem, InvalidInput
from windtunnel.settings import client_settings

app = typer.Typer(help="List and compact the archive of finished reports.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def files(
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="From this day on (UTC).", show_default=False),
    ] = None,
    json: AsJson = False,
) -> None:
    """List the Parquet files that hold every report exactly once.

    This also holds while a compaction runs.
    """
    found = _archive().files(since.date() if since else None)
    if json:
        typer.echo(plain_json.dumps(found, indent=2))
        return
    for file in found:
        typer.echo(file)


@app.command()
def compact(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    grace: Annotated[
        float,
        typer.Option(metavar="SECONDS", help="Seconds that replaced files are kept for readers.", min=SHORTEST_GRACE_S),
    ] = GRACE_S,
    json: AsJson = False,
) -> None:
    """Merge the small files of each past day into one larger file. Run it hourly or daily.

    It may be killed and run again. A later run removes the small files, an hour after they were replaced.
    """
    done = _archive().compact(grace_s=grace, really=not dry_run)
    if json:
        typer.echo(plain_json.dumps(asdict(done), indent=2))
        return
    would = "would be " if dry_run else ""
    typer.echo(f"{done.merged:,} files with {done.rows:,} reports {would}merged into {done.written:,};")
    typer.echo(f"{done.removed:,} files merged earlier ({done.bytes / 2**20:,.1f} MB) {would}removed.")


def _archive() -> Archive:
    url = client_settings().archive_url
    if url is None:
        problem = FieldProblem(SETTING, "is not set, so there is no archive")
        raise InvalidInput([problem], remedy="Set it to the same value as for the finalize workers.")
    return Archive(url.get_secret_value())
