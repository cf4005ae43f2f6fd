"""Reads a Parquet file: as pandas would, with an index of times where it has none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.core.arrays.arrow import extension_types as _  # noqa: F401 - else periods would be read as bare numbers
from pyarrow import parquet as arrow_parquet

from windtunnel.contract.dataset import DataFinding
from windtunnel.datasets import timecolumns, timeforms, times, zones
from windtunnel.datasets.assembly import Read, repeated, told_apart
from windtunnel.datasets.columns import PLAIN, all_match
from windtunnel.datasets.options import NO_TIMES, ReadOptions
from windtunnel.datasets.refusal import finding, named, refuse, shown
from windtunnel.datasets.source import MOST_CELLS

MOST_BYTES = 16 << 30
SAMPLE = 2000


def read(path: Path, options: ReadOptions) -> Read:
    """Read it; raises `DataRefused` for nested columns, no rows, more than memory should hold and broken files."""
    try:
        file = arrow_parquet.ParquetFile(path)
        _check(file)
        table = file.read(use_threads=False)
        again = repeated(table.column_names)
        if again:
            table = table.rename_columns(told_apart(table.column_names))
        decimals = [field.name for field in table.schema if pa.types.is_decimal(field.type)]
        frame = _as_floats(table, decimals).to_pandas()
    except (pa.ArrowException, OSError, ValueError, MemoryError, OverflowError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        refuse("broken_parquet", f"The Parquet file cannot be read: {shown(str(error), 160)}", "Write it again.")
    findings = [*again, *_flattened(frame), *_periods_as_times(frame)]
    result = _with_times(frame, options)
    result.findings += _numbers_as_text(result.frame)
    if decimals:
        findings.append(finding("decimals", f"{named(decimals)}: decimal numbers were read as floating-point ones."))
    result.findings = [*findings, *result.findings]
    result.changed = result.changed or bool(findings)
    return result


def _as_floats(table: Any, names: list[str]) -> Any:
    for name in names:
        place = table.schema.get_field_index(name)
        table = table.set_column(place, name, table.column(place).cast(pa.float64()))
    return table


def _flattened(frame: Any) -> list[DataFinding]:
    """One name a column, where pandas had several levels of them: the upper ones, and the lowest if it differs."""
    if not isinstance(frame.columns, pd.MultiIndex):
        return []
    levels = [level for level in range(frame.columns.nlevels) if frame.columns.get_level_values(level).nunique() > 1]
    rows = [[str(name[level]) for level in levels or [0]] for name in frame.columns]
    frame.columns = pd.Index(told_apart([" ".join(part for part in row if part) for row in rows]))
    return [finding("column_levels", f"The columns had names of several levels; they are now {named(frame.columns)}.")]


def _periods_as_times(frame: Any) -> list[DataFinding]:
    """Periods as the times at which they begin."""
    found = []
    if isinstance(frame.index, pd.PeriodIndex):
        frame.index = frame.index.to_timestamp()
        found.append("the index")
    for place, kind in enumerate(frame.dtypes):
        if isinstance(kind, pd.PeriodDtype):
            frame.isetitem(place, frame.iloc[:, place].dt.to_timestamp())
            found.append(shown(str(frame.columns[place])))
    if not found:
        return []
    return [finding("periods", f"Periods in {', '.join(found)} were read as the times at which they begin.")]


def _numbers_as_text(frame: Any) -> list[DataFinding]:
    """Numbers that are stored as text, as exchanges send them: kept, since they may be codes such as 000001."""
    found = []
    for name, column in frame.select_dtypes("object").items():
        some = column.dropna().head(SAMPLE)
        if len(some) and all(isinstance(one, str) for one in some) and all_match(pa.array(some, pa.string()), PLAIN):
            found.append(str(name))
    if not found:
        return []
    return [
        finding(
            "numbers_as_text",
            f"Text that looks like numbers in {named(found)}; programs find text.",
            remedy="Write the columns as numbers, `frame.astype(float)`, if they are meant as such.",
            count=len(found),
        )
    ]


def _check(file: Any) -> None:
    metadata, schema = file.metadata, file.schema_arrow
    if metadata.num_rows == 0:
        refuse("no_rows", "The file has no rows", "Give a file with rows.")
    size = sum(metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))
    if metadata.num_rows * metadata.num_columns > MOST_CELLS or size > MOST_BYTES:
        refuse(
            "too_large",
            f"The table has {metadata.num_rows:,} rows of {metadata.num_columns:,} columns; "
            f"at most {MOST_CELLS:,} cells are read",
            "Part it into several datasets, or leave columns out.",
        )
    nested = [
        field.name
        for field in schema
        if pa.types.is_nested(getattr(field.type, "storage_type", field.type))
        or pa.types.is_binary(field.type)
        or pa.types.is_large_binary(field.type)
    ]
    if nested:
        refuse(
            "nested_columns",
            f"Columns hold lists, structures or bytes: {named(nested)}",
            "Flatten them, or leave them out.",
        )


def _with_times(frame: Any, options: ReadOptions) -> Read:
    result = Read(frame, changed=False)
    if isinstance(frame.index, pd.MultiIndex):
        refuse(
            "several_indices",
            f"The table has an index of several columns: {named(map(str, frame.index.names))}",
            "Reset all but the times.",
        )
    if isinstance(frame.index, pd.DatetimeIndex):
        return _in_zone(result, options)
    if options.time_column == NO_TIMES:
        return result
    if not isinstance(frame.index, pd.RangeIndex):
        frame = frame.reset_index()
    place = _place(frame, options)
    if place is None:
        return result
    column = frame.iloc[:, place]
    if isinstance(column.dtype, pd.DatetimeTZDtype) or column.dtype.kind == "M":
        index = pd.DatetimeIndex(column)
    else:
        texts = pa.array(column.astype(str).where(column.notna(), ""), type=pa.large_string())
        name = str(frame.columns[place])
        found = times.find([texts], [name], options.model_copy(update={"time_column": name}))
        assert found is not None  # noqa: S101 - the column was named
        result.findings += found.findings
        index = found.index.rename(name)
    result.frame = frame.drop(columns=frame.columns[place]).set_axis(index)
    result.changed = True
    result.findings.append(
        finding("time_column", f"The times are in column {shown(str(index.name))}; it was made the index.")
    )
    return _in_zone(result, options)


def _place(frame: Any, options: ReadOptions) -> int | None:
    names = [str(name) for name in frame.columns]
    if options.time_column:
        if options.time_column not in names:
            refuse(
                "time_column",
                f"There is no column {shown(options.time_column)}; there are {named(names, 20)}",
                "Name the column with the times in `--time-column`.",
            )
        return names.index(options.time_column)
    typed = [place for place in range(len(names)) if frame.dtypes.iloc[place].kind == "M"]
    if typed:
        return typed[0]
    for place in range(min(3, len(names))):
        column = frame.iloc[:, place]
        if column.dtype == object or column.dtype.kind in "iu":
            texts = pa.array(column.head(2000).astype(str), type=pa.large_string())
            if timecolumns.holds_times(texts, names[place], place, options):
                return place
    return None


def _in_zone(result: Read, options: ReadOptions) -> Read:
    index = result.frame.index
    name, seen = str(index.name or "The index"), index.dropna()
    far = np.flatnonzero((index.year < timeforms.YEARS[0]) | (index.year > timeforms.YEARS[1]))
    if len(far):
        times.refuse_years(int(index.year[far[0]]), far, name)
    if options.tz:
        if index.tz is not None:
            index = index.tz_convert(options.tz)
        else:
            index = zones.localized(index, bool((seen == seen.normalize()).all()), name, options.tz)
        result.changed = result.changed or not index.equals(result.frame.index)
        result.frame = result.frame.set_axis(index)
    result.zone = options.tz or ("" if index.tz is None else str(index.tz))
    return result
