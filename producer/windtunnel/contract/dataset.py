"""What is known of a dataset: how its file was understood, what was found in it. May import base."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from windtunnel.contract.base import Contract


class Column(Contract):
    """One column as it was understood."""

    name: str
    type: Literal["number", "integer", "boolean", "time", "text"]
    missing: int = 0
    """Rows without a value."""


class DataFinding(Contract):
    """Something in the data that a reader should know, for example a gap."""

    kind: str
    """Stable, for machines: `unsorted`, `duplicate_times`, `gap`, `missing_values` …"""
    message: str
    """What was found, with the first places and how often."""
    remedy: str = ""
    """The option that changes it, for example `--sort`."""
    column: str = ""
    count: int = 1
    rows: tuple[int, ...] = ()
    """The first places, from 1, the header not counted; ten at most."""


class Facts(Contract):
    """A table in numbers."""

    rows: int
    columns: tuple[Column, ...] = ()
    """In the file's order, the index first."""
    first: datetime | None = None
    """The earliest time, None where the table has no times."""
    last: datetime | None = None
    zone: str = ""
    """The zone of its times; empty where none is stated."""
    bars_a_year: float | None = None
    """Counted from its times."""
    bars_how: str = ""
    """How that was counted, in words."""
    findings: tuple[DataFinding, ...] = ()
    head: tuple[tuple[str, ...], ...] = ()
    """The first rows as understood, each with its index first; five at most."""
    spark: tuple[float | None, ...] = ()
    """The closing price (or the last column of numbers) at up to 60 evenly spaced rows."""
    options: dict[str, str] = Field(default_factory=dict)
    """The reading options that were given or found, for example {"sep": ";"}."""
