"""Looks at a data file when it is added: what it holds, what is wrong with it, a frame that programs can rely on.

Data is never changed silently. What could be misread is refused with the option that settles it; what is certain is
read and said so; the rest is stored as findings. Imports pandas and pyarrow, and so only where a file is looked at.
"""

from __future__ import annotations

import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from pyarrow import feather

from windtunnel.contract.dataset import DataFinding, Facts
from windtunnel.datasets import assembly, parquet, quality, source
from windtunnel.datasets.options import NO_TIMES, ReadOptions
from windtunnel.datasets.refusal import counted, finding
from windtunnel.errors import DataRefused

__all__ = ["DataRefused", "Inspected", "ReadOptions", "inspect"]


@dataclass(frozen=True)
class Inspected:
    """A data file as it was understood."""

    frame: Any
    """A pandas `DataFrame`, its index the times."""
    facts: Facts
    changed: bool
    """Whether the file's own bytes would be read otherwise: by `read_csv(path, index_col=0, parse_dates=True)`, or for
    Parquet by `read_parquet(path)`. Then `write_file` gives the file that programs should find."""
    format: Literal["csv", "parquet"]
    """Of the file itself and of what `write_file` writes."""

    def write_columns(self, path: Path) -> None:
        """Write the frame as an uncompressed Arrow file that a sandbox can map."""
        feather.write_feather(self.frame, str(path), compression="uncompressed")

    def write_file(self, path: Path) -> None:
        """Write the table as understood: Parquet, or CSV with ISO times (in UTC where they have a zone)."""
        if self.format == "parquet":
            self.frame.to_parquet(path)
            return
        frame = self.frame
        if isinstance(frame.index, pd.DatetimeIndex):
            frame = frame.set_axis(pd.Index(_texts(frame.index), name=frame.index.name))
        frame.to_csv(path)


def _texts(index: Any) -> Any:
    """Times in one format, as short as all of them allow; in UTC where they have a zone."""
    zoned = index.tz is not None
    moments = (index.tz_convert("UTC").tz_localize(None) if zoned else index).to_numpy()
    parts = moments.astype("int64")[~index.isna()]
    units = (("D", 86_400 * 10**9), ("s", 10**9), ("ms", 10**6), ("us", 10**3))
    unit: Any = next((name for name, size in units[zoned:] if not bool((parts % size).any())), "ns")
    texts = pd.Series(np.datetime_as_string(moments, unit=unit), dtype=object).where(~index.isna())
    return (texts.str.replace("T", " ") + ("+00:00" if zoned else "")).fillna("")


def inspect(path: Path, options: ReadOptions | None = None) -> Inspected:
    """Read a CSV or Parquet file and say all that can be said of it.

    Raises `DataRefused` for a file that would be misread or that holds no rows, `OSError` where it cannot be opened.
    """
    options = options or ReadOptions()
    with warnings.catch_warnings(), tempfile.TemporaryDirectory(prefix="windtunnel-inspect-") as folder:
        warnings.simplefilter("ignore")  # of pandas, on what is judged here anyway
        kind: Literal["csv", "parquet"] = "parquet" if source.is_parquet(path) else "csv"
        read = parquet.read(path, options) if kind == "parquet" else assembly.read(path, options, Path(folder))
        found = [*read.findings, *quality.find(read.frame, timeless=options.time_column == NO_TIMES)]
        frame, changed = _on_request(read.frame, options, found)
        facts = quality.facts(frame, found, {**options.given(), **read.found}, read.zone)
    return Inspected(frame, facts, changed or read.changed, kind)


def _on_request(frame: Any, options: ReadOptions, found: list[DataFinding]) -> tuple[Any, bool]:
    """`--sort` and `--drop-duplicates`, and what they did."""
    changed = False
    if options.sort and not frame.index.is_monotonic_increasing:
        frame, changed = frame.sort_index(kind="stable"), True
        found[:] = [one for one in found if one.kind != "unsorted"]
        found.append(finding("sorted", "The rows were sorted by time, as asked."))
    if options.drop_duplicates and bool(frame.index.duplicated().any()):
        again = frame.index.duplicated()
        frame, changed = frame[~again], True
        found[:] = [one for one in found if one.kind != "duplicate_times"]
        found.append(
            finding(
                "duplicates_dropped",
                f"Of rows with the same time the first was kept, as asked; {counted(int(again.sum()), 'row')} dropped.",
                count=int(again.sum()),
            )
        )
    return frame, changed
