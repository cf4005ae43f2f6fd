"""Stand-in until the branch `inspect` is merged: reads a file as a plain program would. Delete it then."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from windtunnel.contract.dataset import Column, Facts
from windtunnel.errors import FieldProblem, InvalidInput


@dataclass(frozen=True)
class ReadOptions:
    """How to read a file."""

    sep: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    dayfirst: bool | None = None
    time_unit: str | None = None
    tz: str | None = None
    sort: bool = False
    drop_duplicates: bool = False


class DataRefused(InvalidInput):
    """The file would be misread."""


@dataclass(frozen=True)
class Inspected:
    """A file as it was understood."""

    frame: Any
    facts: Facts
    changed: bool = False

    def write_columns(self, path: Path) -> None:
        """Write the table as an Arrow IPC file."""
        from pyarrow import feather

        feather.write_feather(self.frame, str(path), compression="uncompressed")

    def write_file(self, path: Path) -> None:
        """Write the table as a file that a plain program reads the same."""
        self.frame.to_csv(path)


def inspect(path: Path, options: ReadOptions) -> Inspected:
    """Read a file."""
    import warnings

    import pandas

    try:
        with warnings.catch_warnings(action="ignore"):
            frame = (
                pandas.read_parquet(path)
                if path.suffix == ".parquet"
                else pandas.read_csv(path, index_col=0, parse_dates=True, sep=options.sep or ",")
            )
    except Exception as error:
        raise DataRefused([FieldProblem("file", f"cannot be read: {error}")]) from error
    if frame.empty:
        raise DataRefused([FieldProblem("file", "has no rows")])
    return Inspected(
        frame,
        Facts(rows=len(frame), columns=tuple(Column(name=str(name), type="number") for name in frame.columns)),
        changed=options.sep is not None,
    )
