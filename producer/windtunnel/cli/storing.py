"""`windtunnel artifacts` and `windtunnel store`: the bytes of jobs and datasets."""

from __future__ import annotations

import json as plain_json
from pathlib import Path
from typing import Annotated

import typer

from windtunnel.cli.options import AsJson, JobId, as_json
from windtunnel.client import Client
from windtunnel.texts import harmless

app = typer.Typer(help="Clean up the store of datasets and artifacts.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """Keep `prune` a subcommand although it is the only one."""


def artifacts(
    name: JobId,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="A folder to write them into.", show_default="they are only listed"),
    ] = None,
    json: AsJson = False,
) -> None:
    """List the files that a job's program left, or write them into a folder."""
    with Client() as client:
        name = client.find(name)
        if out is not None:
            saved = [str(file) for file in client.save_artifacts(name, out)]
            typer.echo(plain_json.dumps(saved, indent=2) if json else "\n".join(saved))
            return
        execution = client.report(name).execution
    if json:
        typer.echo(as_json(execution.artifacts if execution else ()))
        return
    if not (execution and execution.artifacts):
        typer.echo(f"{name} left no files", err=True)
        return
    for one in execution.artifacts:
        typer.echo(harmless(f"{one.name}\t{one.bytes:,}\t{one.media_type}\t{one.sha256}"))


@app.command()
def prune(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
    json: AsJson = False,
) -> None:
    """Remove files that no dataset and no report refers to any more.

    Those are files older than twice WINDTUNNEL_RETENTION_S plus two days.
    """
    with Client() as client:
        done = client.prune_store(really=not dry_run)
    if json:
        typer.echo(plain_json.dumps({"objects": done.objects, "bytes": done.bytes, "kept": done.kept}, indent=2))
        return
    verb = "would be removed" if dry_run else "removed"
    typer.echo(f"{done.objects:,} objects ({done.bytes / 2**20:,.1f} MB) {verb}, {done.kept:,} stay.")
