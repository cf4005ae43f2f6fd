"""Turns datasets into tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.text import Text

from windtunnel.cli.fitted import Fitted, Shown, figure_column
from windtunnel.cli.render import foreign, names_and_values
from windtunnel.cli.render_facts import facts
from windtunnel.contract import DatasetVersion


def table(found: Iterable[DatasetVersion]) -> Fitted:
    """Datasets, one a line."""
    result = Fitted(
        Shown("dataset", wraps=True),
        figure_column("version", rank=2),
        figure_column("rows"),
        Shown("from"),
        Shown("to"),
        figure_column("findings", rank=1),
        Shown("sha256", rank=3),
    )
    for one in found:
        known = one.facts
        result.add_row(
            one.name,
            str(one.version),
            f"{known.rows:,}",
            f"{known.first:%Y-%m-%d}" if known.first else "-",
            f"{known.last:%Y-%m-%d}" if known.last else "-",
            str(len(known.findings) or "-"),
            one.sha256[:12],
        )
    return result


def version(one: DatasetVersion) -> RenderableType:
    """One version of a dataset: which bytes it is, and all that is known of them."""
    head = names_and_values()
    head.add_row("dataset", foreign(f"{one.name}, version {one.version}"))
    head.add_row("file", foreign(f"{one.source}, {one.bytes:,} bytes, {one.format}"))
    head.add_row("sha256", one.sha256)
    head.add_row("added", foreign(f"{one.added_at:%Y-%m-%d %H:%M:%S} UTC by {one.added_by or 'somebody'}"))
    if one.holdout:
        times = f"{one.holdout.bars:,} more bars from {one.holdout.first:%Y-%m-%d %H:%M}"
        head.add_row("held out", f"{times}, which only promoted programs see")
    return Group(head, Text(), facts(one.facts))
