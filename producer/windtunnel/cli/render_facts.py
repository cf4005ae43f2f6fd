"""Turns what is known of a dataset into tables and lines for a terminal of 80 columns. All of its text is foreign."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from windtunnel.cli.fitted import Fitted, Shown
from windtunnel.cli.render import names_and_values
from windtunnel.contract.dataset import DataFinding, Facts
from windtunnel.texts import harmless

BLOCKS = "▁▂▃▄▅▆▇█"
MOST_COLUMNS = 30
NUMERIC = ("number", "integer")


def facts(known: Facts) -> RenderableType:
    """All of it: size, times, columns, first rows, course of the price, findings."""
    parts: list[RenderableType] = [_summary(known), Text(), _columns(known)]
    if known.head:
        parts += [Text(), Text("first rows, as understood", style="bold"), _head(known)]
    if known.findings:
        parts += [Text(), findings(known.findings)]
    return Group(*parts)


def findings(found: Sequence[DataFinding]) -> RenderableType:
    """Findings, each with the option that changes it."""
    table = Table(show_header=False, box=None, padding=(0, 1, 0, 0))
    table.add_column(style="yellow", no_wrap=True)
    table.add_column(overflow="fold")
    for one in found:
        message = Text(harmless(one.message))
        if one.remedy:
            message.append(f" {harmless(one.remedy)}", style="cyan")
        table.add_row("•", message)
    return table


def sparkline(values: Sequence[float | None]) -> str:
    """A course as block characters; a blank where there is no value."""
    seen = [value for value in values if value is not None]
    if not seen:
        return ""
    low, width = min(seen), max(seen) - min(seen)

    def block(value: float) -> str:
        share = (value - low) / width if width else 0.5
        return BLOCKS[min(len(BLOCKS) - 1, int(share * len(BLOCKS)))]

    return "".join(" " if value is None else block(value) for value in values)


def _summary(known: Facts) -> Table:
    table = names_and_values()
    table.add_row("rows", f"{known.rows:,}")
    if known.first and known.last:
        table.add_row("times", f"{known.first} … {known.last}")
        table.add_row("zone", Text(harmless(known.zone) or "not stated"))
    bars = "unknown" if known.bars_a_year is None else f"{known.bars_a_year:,g}"
    table.add_row("bars per year", Text(f"{bars} ({known.bars_how})" if known.bars_how else bars))
    if known.options:
        table.add_row("read with", Text(harmless(", ".join(f"{key} {text}" for key, text in known.options.items()))))
    if known.spark:
        table.add_row("course", Text(sparkline(known.spark)))
    return table


def _columns(known: Facts) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("column", overflow="fold")
    table.add_column("type", no_wrap=True)
    table.add_column("missing", justify="right", no_wrap=True)
    for number, column in enumerate(known.columns[:MOST_COLUMNS]):
        name = Text(harmless(column.name) or "(no name)")
        if number == 0:
            name.append(" (index)", style="dim")
        table.add_row(name, column.type, f"{column.missing:,}" if column.missing else "")
    if len(known.columns) > MOST_COLUMNS:
        table.add_row(f"… and {len(known.columns) - MOST_COLUMNS:,} more", "", "")
    return table


def _head(known: Facts) -> Fitted:
    columns = [
        Shown(harmless(column.name), justify="right" if place and column.type in NUMERIC else "left", rank=place)
        for place, column in enumerate(known.columns[:MOST_COLUMNS])
    ]
    table = Fitted(*columns, further=len(known.columns) - len(columns))
    for row in known.head:
        table.add_row(*row[: len(columns)])
    return table
