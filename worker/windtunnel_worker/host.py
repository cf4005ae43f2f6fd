"""What the execution side adds to the `windtunnel` command line. Loaded by the client through an entry point."""

from __future__ import annotations

import os
from json import dumps as json_text
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from windtunnel.cli.checks import Check, check
from windtunnel.cli.render import harmless
from windtunnel.contract import Job, Report, Verdict
from windtunnel.settings import DEFAULT_REDIS_URL
from windtunnel_worker.datasets import DatasetRegistry
from windtunnel_worker.manager import SandboxManager
from windtunnel_worker.sandbox import images
from windtunnel_worker.sandbox.engine import engine_version
from windtunnel_worker.settings import host_settings
from windtunnel_worker.up import Plan, Stack
from windtunnel_worker.validation import SecurityValidator, format_report

UNSAFE, USAGE = 1, 2


def register(app: typer.Typer) -> None:
    """Add this side's commands."""
    app.command()(up)
    app.command()(validate)
    datasets = typer.Typer(help="The datasets of this execution host.", no_args_is_help=True)
    datasets.command("add")(datasets_add)
    datasets.command("list")(datasets_list)
    app.add_typer(datasets, name="datasets")


def run_local(job: Job) -> Report:
    """Run one job in this process, without a queue."""
    return SandboxManager().run_job(job)


def checks() -> list[Check]:
    """What must be there on an execution host."""
    image = host_settings().default_image
    return [
        check("Docker", engine_version),
        check(f"image {image}", lambda: images.find(image).digest[:19]),
    ]


def up(
    slots: Annotated[int, typer.Option(help="Sandboxes at a time.", min=1)] = os.cpu_count() or 1,
    flower: Annotated[int | None, typer.Option(help="Port of the monitoring page, on this machine only.")] = None,
    redis_port: Annotated[
        int | None, typer.Option(help="Port of the private Redis; not used with WINDTUNNEL_REDIS_URL.")
    ] = None,
    state: Annotated[Path, typer.Option(help="Where Redis keeps its data, and the logs.")] = Path(
        "~/.local/state/windtunnel"
    ),
) -> None:
    """Run the whole stack on this host in the foreground; Ctrl-C stops all of it."""
    default_port = int(DEFAULT_REDIS_URL.rpartition(":")[2].partition("/")[0])
    if redis_port is None and "WINDTUNNEL_REDIS_URL" not in os.environ:
        redis_port = default_port
    plan = Plan(slots, flower, redis_port, state.expanduser().resolve())
    Stack(plan, host_settings(), typer.echo).run()


def validate(
    files: Annotated[list[Path], typer.Argument(help="Programs to judge.")],
    json: Annotated[bool, typer.Option("--json", help="One JSON object a file.")] = False,
    strict: Annotated[bool, typer.Option(help="Reject findings of level HIGH too.")] = True,
) -> None:
    """Judge programs without running them. Exit code 0: all safe, 1: some unsafe, 2: wrong use."""
    validator = SecurityValidator(strict_mode=strict)
    unsafe = False
    for file in files:
        verdict = validator.validate_code(_read(file))
        unsafe |= not verdict.safe
        typer.echo(_as_json(file, verdict) if json else harmless(f"{file}: {format_report(verdict)}"))
    raise typer.Exit(UNSAFE if unsafe else 0)


def datasets_add(
    name: Annotated[str, typer.Argument(help="What programs call it: data[NAME].")],
    file: Annotated[Path, typer.Argument(help="A .csv or .parquet file.")],
) -> None:
    """Register a file as a dataset of this host; an existing name then stands for the new content."""
    dataset = DatasetRegistry(host_settings().data_dir).add(name, file)
    typer.echo(f"{dataset.name}: {dataset.format}, {dataset.bytes:,} bytes, sha256 {dataset.sha256}")


def datasets_list() -> None:
    """List this host's datasets."""
    for dataset in DatasetRegistry(host_settings().data_dir).list():
        typer.echo(f"{dataset.name}\t{dataset.format}\t{dataset.bytes:,}\t{dataset.sha256}")


def _read(file: Path) -> str:
    try:
        return file.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        _fail(f"{file} cannot be read as UTF-8 text: {error}")


def _as_json(file: Path, verdict: Verdict) -> str:
    return json_text({"file": str(file), **verdict.model_dump(mode="json")})


def _fail(message: str) -> NoReturn:
    typer.echo(f"error: {message}", err=True)
    raise typer.Exit(USAGE)
