"""`windtunnel datasets`: add, inspect and remove datasets. Works wherever the client is installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from windtunnel.cli.options import AsJson, as_json
from windtunnel.client import Client
from windtunnel.client.datasets import Datasets
from windtunnel.contract import DatasetVersion
from windtunnel.datasets.options import ReadOptions
from windtunnel.settings import client_settings
from windtunnel.store import Store
from windtunnel.texts import counted, harmless

app = typer.Typer(help="Add, inspect and remove datasets.", no_args_is_help=True, rich_markup_mode=None)

Dataset = Annotated[str, typer.Argument(help="A dataset.", metavar="NAME")]
Version = Annotated[int | None, typer.Option(metavar="NUMBER", help="A version of it.", show_default="the newest")]
Local = Annotated[
    bool, typer.Option("--local", help="Without Redis: in the store alone, for `run --local` and a later `restore`.")
]


@contextmanager
def _datasets(local: bool = False) -> Iterator[Datasets]:
    if local:
        settings = client_settings()
        store = Store(settings.store_url.get_secret_value())
        yield Datasets(None, lambda: store, max_bytes=settings.dataset_max_mb * 2**20, who=f"client:{settings.owner}")
    else:
        with Client() as client:
            yield client.datasets


@app.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name in programs: data[NAME].")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV or Parquet file, whatever its extension.")],
    sep: Annotated[
        str | None, typer.Option(metavar="TEXT", help="The column separator.", show_default="detected")
    ] = None,
    decimal: Annotated[
        str | None, typer.Option(metavar="TEXT", help="The decimal mark.", show_default="detected")
    ] = None,
    thousands: Annotated[
        str | None, typer.Option(metavar="TEXT", help="The thousands separator.", show_default="detected")
    ] = None,
    dayfirst: Annotated[
        bool | None, typer.Option("--dayfirst/--no-dayfirst", help="01/02 is 1 February.", show_default="detected")
    ] = None,
    time_unit: Annotated[
        str | None, typer.Option(metavar="UNIT", help="The unit of numeric times: s, ms, us, ns or excel.")
    ] = None,
    tz: Annotated[
        str | None, typer.Option(metavar="ZONE", help="The time zone of its times, e.g. America/New_York.")
    ] = None,
    time_column: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN", help="The column with the times; `Date,Time` if there are two, `none` for none."
        ),
    ] = None,
    encoding: Annotated[str | None, typer.Option(metavar="NAME", help="The text's encoding, e.g. cp1252.")] = None,
    names: Annotated[
        str | None, typer.Option(metavar="NAMES", help="Column names, for a file without a header: a,b,c.")
    ] = None,
    skip_lines: Annotated[int | None, typer.Option(metavar="NUMBER", help="Lines before the header.", min=0)] = None,
    missing: Annotated[
        list[str] | None, typer.Option(metavar="TEXT", help="A text that means a missing value. May be repeated.")
    ] = None,
    sort: Annotated[bool, typer.Option("--sort", help="Sort the rows by time.")] = False,
    drop_duplicates: Annotated[
        bool, typer.Option("--drop-duplicates", help="Keep only the first of rows with the same time.")
    ] = False,
    holdout: Annotated[
        str | None,
        typer.Option(
            metavar="SHARE", help="Hold out the last share of the bars, e.g. 20%; only promoted programs see them."
        ),
    ] = None,
    local: Local = False,
    json: AsJson = False,
) -> None:
    """Examine a file and store it as the newest version of a dataset. What could be misread is refused."""
    options: dict[str, Any] = {
        "sep": sep,
        "decimal": decimal,
        "thousands": thousands,
        "dayfirst": dayfirst,
        "time_unit": time_unit,
        "tz": tz,
        "time_column": time_column,
        "encoding": encoding,
        "names": tuple(name.strip() for name in names.split(",")) if names else None,
        "skip_lines": skip_lines,
        "missing": tuple(missing) if missing else None,
        "sort": sort,
        "drop_duplicates": drop_duplicates,
    }
    given = ReadOptions(**{option: value for option, value in options.items() if value is not None})
    with _datasets(local) as datasets:
        version = datasets.add(name, file, given, holdout=holdout)
    if json:
        typer.echo(version.model_dump_json(indent=2))
    else:
        _print(version)


@app.command(name="list")
def list_(
    everything: Annotated[bool, typer.Option("--all", help="List every version, not only the newest.")] = False,
    local: Local = False,
    json: AsJson = False,
) -> None:
    """List the datasets."""
    with _datasets(local) as datasets:
        found = list(datasets.list())
        if everything:
            found = [version for one in found for version in datasets.versions(one.name)]
    if json:
        typer.echo(as_json(found))
        return
    if not found:
        typer.echo("No datasets. `windtunnel datasets add NAME FILE` adds one.")
        return
    from windtunnel.cli import render, render_datasets

    render.console().print(render_datasets.table(found))


@app.command()
def show(name: Dataset, version: Version = None, local: Local = False, json: AsJson = False) -> None:
    """Show everything known about a dataset."""
    with _datasets(local) as datasets:
        found = datasets.show(name, version)
    if json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        _print(found)


@app.command()
def verify(
    names: Annotated[list[str] | None, typer.Argument(help="Datasets; without any, all.", metavar="NAME")] = None,
    local: Local = False,
    json: AsJson = False,
) -> None:
    """Read datasets from the store and check their digests."""
    intact: list[DatasetVersion] = []
    with _datasets(local) as datasets:
        for name in names or [one.name for one in datasets.list()]:
            found = datasets.verify(name)
            intact += found
            if not json:
                typer.echo(harmless(f"{name}: {counted(len(found), 'version')} intact"))
    if json:
        typer.echo(as_json(intact))


@app.command()
def remove(
    name: Dataset,
    version: Annotated[
        int | None, typer.Option(metavar="NUMBER", help="One version only.", show_default="all versions")
    ] = None,
    local: Local = False,
    json: AsJson = False,
) -> None:
    """Remove a dataset, or one version of it. Jobs submitted earlier still find it."""
    with _datasets(local) as datasets:
        gone = datasets.remove(name, version)
    if json:
        typer.echo(as_json(gone))
        return
    for one in gone:
        typer.echo(harmless(f"{one.name} version {one.version}: removed"))


@app.command()
def restore(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Datasets; without any, all.")] = None,
    json: AsJson = False,
) -> None:
    """Add the datasets in the store to a Redis that has lost its data. Existing ones are not changed."""
    with _datasets() as datasets:
        added = datasets.restore(*names or ())
    if json:
        typer.echo(as_json(added))
        return
    for one in added:
        typer.echo(harmless(f"{one.name} version {one.version}: restored"))
    if not added:
        typer.echo("Nothing was missing.")


def _print(version: DatasetVersion) -> None:
    from windtunnel.cli import render, render_datasets

    render.console().print(render_datasets.version(version))
