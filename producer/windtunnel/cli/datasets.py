"""`windtunnel datasets`: what is known as which dataset. Works wherever the client does, without a host's libraries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from windtunnel.cli.options import AsJson, as_json
from windtunnel.cli.texts import harmless
from windtunnel.client import Client
from windtunnel.client.datasets import Datasets
from windtunnel.contract import DatasetVersion
from windtunnel.datasets.options import ReadOptions
from windtunnel.settings import client_settings
from windtunnel.store import Store

app = typer.Typer(help="Add datasets, and see what is known of them.", no_args_is_help=True, rich_markup_mode=None)

Dataset = Annotated[str, typer.Argument(help="A dataset.", metavar="NAME")]
Version = Annotated[int | None, typer.Option(help="A version of it.", show_default="the newest")]
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
    name: Annotated[str, typer.Argument(help="What programs call it: data[NAME].")],
    file: Annotated[Path, typer.Argument(help="A CSV or Parquet file, whatever its ending.")],
    sep: Annotated[str | None, typer.Option(help="What separates columns.", show_default="found out")] = None,
    decimal: Annotated[str | None, typer.Option(help="The decimal mark.", show_default="found out")] = None,
    thousands: Annotated[str | None, typer.Option(help="The thousands separator.", show_default="found out")] = None,
    dayfirst: Annotated[
        bool | None, typer.Option("--dayfirst/--no-dayfirst", help="01/02 is 1 February.", show_default="found out")
    ] = None,
    time_unit: Annotated[str | None, typer.Option(help="What times as numbers count: s, ms, us, ns or excel.")] = None,
    tz: Annotated[str | None, typer.Option(help="The zone that its times are in, e.g. America/New_York.")] = None,
    time_column: Annotated[
        str | None, typer.Option(help="The column with the times; `Date,Time` where two hold them, `none` for none.")
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="The text's encoding, e.g. cp1252.")] = None,
    names: Annotated[str | None, typer.Option(help="The columns' names, for a file without them: a,b,c.")] = None,
    skip_lines: Annotated[int | None, typer.Option(help="Lines before the header.", min=0)] = None,
    missing: Annotated[
        list[str] | None, typer.Option(help="A text that stands for a missing value; may be given again.")
    ] = None,
    sort: Annotated[bool, typer.Option("--sort", help="Put the rows in the order of their times.")] = False,
    drop_duplicates: Annotated[
        bool, typer.Option("--drop-duplicates", help="Of rows with the same time keep the first.")
    ] = False,
    holdout: Annotated[
        str | None,
        typer.Option(help="The last share of the bars, e.g. 20%, which no program sees but a promoted one."),
    ] = None,
    local: Local = False,
    json: AsJson = False,
) -> None:
    """Look at a file and keep it as the newest version of a dataset. What would be misread is refused."""
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
    everything: Annotated[bool, typer.Option("--all", help="Every version, not only the newest.")] = False,
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
    """Show all that is known of a dataset."""
    with _datasets(local) as datasets:
        found = datasets.show(name, version)
    if json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        _print(found)


@app.command()
def verify(
    names: Annotated[list[str] | None, typer.Argument(help="Datasets; without any, all.", metavar="[NAME]...")] = None,
    local: Local = False,
    json: AsJson = False,
) -> None:
    """Read datasets out of the store and check their hashes."""
    intact: list[DatasetVersion] = []
    with _datasets(local) as datasets:
        for name in names or [one.name for one in datasets.list()]:
            found = datasets.verify(name)
            intact += found
            count = len(found)
            if not json:
                typer.echo(harmless(f"{name}: {count} version{'' if count == 1 else 's'} intact"))
    if json:
        typer.echo(as_json(intact))


@app.command()
def remove(name: Dataset, version: Version = None, local: Local = False, json: AsJson = False) -> None:
    """Forget a dataset, or one version of it. Jobs that were submitted before still find it."""
    with _datasets(local) as datasets:
        gone = datasets.remove(name, version)
    if json:
        typer.echo(as_json(gone))
        return
    for one in gone:
        typer.echo(harmless(f"{one.name} version {one.version}: removed"))


@app.command()
def restore(
    names: Annotated[list[str] | None, typer.Argument(help="Datasets; without any, all.")] = None, json: AsJson = False
) -> None:
    """Add what the store knows to Redis, for one that has lost it. What is there is not changed."""
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
