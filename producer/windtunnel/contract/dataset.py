"""What is known about a dataset: how its file was understood, and what was found in it. May import base."""

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
    """What was found, where first, and how often."""
    remedy: str = ""
    """The option that changes it, for example `--sort`."""
    column: str = ""
    count: int = 1
    rows: tuple[int, ...] = ()
    """The first rows concerned, at most ten, counted from 1 without the header."""


class Facts(Contract):
    """A description of a table."""

    rows: int
    columns: tuple[Column, ...] = ()
    """In the file's order, the index first."""
    first: datetime | None = None
    """The earliest time; None if the table has no times."""
    last: datetime | None = None
    zone: str = ""
    """The zone of its times; empty if none is stated."""
    bars_a_year: float | None = None
    """Bars per year, counted from the times."""
    bars_how: str = ""
    """How they were counted, in words."""
    findings: tuple[DataFinding, ...] = ()
    head: tuple[tuple[str, ...], ...] = ()
    """The first rows as they were understood, at most five, each with its index first."""
    spark: tuple[float | None, ...] = ()
    """The closing price (or the last column of numbers) at up to 60 evenly spaced rows."""
    options: dict[str, str] = Field(default_factory=dict)
    """The reading options that were given or detected, for example {"sep": ";"}."""
