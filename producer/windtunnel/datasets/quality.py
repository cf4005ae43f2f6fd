"""What a reader should know of a frame, and the facts that are stored with it."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd

from windtunnel.contract.dataset import Column, DataFinding, Facts
from windtunnel.datasets import bars, prices, zones
from windtunnel.datasets.refusal import counted, finding, places, shown
from windtunnel.datasets.words import is_time_name

HEAD = 5
SPARK = 60
CELL = 32


def find(frame: Any, *, timeless: bool = False) -> list[DataFinding]:
    """Everything worth saying of the rows and values, except how the file was read.

    `timeless`: the user says that the table has no times.
    """
    found: list[DataFinding] = []
    if isinstance(frame.index, pd.DatetimeIndex):
        found += _order(frame)
        found += bars.find(frame.index)
    else:
        found.append(_no_times(frame, timeless=timeless))
    found += _missing(frame)
    found += prices.find(frame)
    return found


def _no_times(frame: Any, *, timeless: bool) -> DataFinding:
    message = "The table has no times: programs see row numbers or names as its index, and no bars a year are known."
    remedy = "Name the column with the times in `--time-column` if there is one."
    name = str(frame.index.name or "")
    if is_time_name(name) and not timeless:
        message += f" {name} cannot be read as times; it holds, for example, {shown(str(frame.index[0]))}."
        remedy = "Write the times as YYYY-MM-DD, or name another column in `--time-column`."
    return finding("no_times", message, remedy=remedy)


def _order(frame: Any) -> list[DataFinding]:
    index = frame.index
    steps, future = np.diff(index.asi8), _future(bars.nanoseconds(index))
    if bool((steps > 0).all()) and not len(future):
        return []
    found = _unsorted(index, steps)
    again = np.flatnonzero(index.duplicated() & ~index.isna())
    if len(again):
        found.append(_duplicates(frame, again))
    if len(future):
        first = f"first {when(index[int(future[0])])} in {places(future)}"
        text = f"{counted(len(future), 'row')} in the future, {first}."
        found.append(finding("future_rows", text, rows=future))
    seen = index[~index.isna()]
    if len(seen) and seen.min().year < 1800:
        found.append(finding("implausible_years", f"The earliest time is {when(seen.min())}."))
    return found


def _unsorted(index: Any, steps: Any) -> list[DataFinding]:
    """A finding if times go back; `steps` are the differences from each row to the next."""
    back = np.flatnonzero(steps < 0) + 1
    if not len(back):
        return []
    if len(back) == np.count_nonzero(steps):
        message = f"Newest first: the rows run from {when(index[0])} back to {when(index[-1])}."
    else:
        row, last = int(back[0]), int(back[-1])
        more = last_one = ""
        if len(back) > 1:
            more = f", in all {counted(len(back), 'row')} ({places(back)})"
            last_one = f" The last such row is {when(index[last])} after {when(index[last - 1])}."
        message = f"Not in the order of time: row {row + 1} goes back to {when(index[row])}{more}.{last_one}"
    remedy = "`--sort` puts them in the order of time."
    return [finding("unsorted", message, remedy=remedy, rows=back)]


def _future(stamps: Any) -> Any:
    """Rows of the day after tomorrow and later: no zone is as far ahead as that."""
    return np.flatnonzero(stamps > pd.Timestamp.now("UTC").value + 2 * 86_400_000_000_000)


def _duplicates(frame: Any, again: Any) -> DataFinding:
    every = frame[frame.index.duplicated(keep=False)]
    alike = int(every.reset_index().duplicated().sum())
    different = len(again) - alike
    what = (
        "with the same values"
        if not different
        else f"{different:,} with other values than the first"
        if alike
        else "with other values than the first"
    )
    return finding(
        "duplicate_times",
        f"{counted(len(again), 'duplicate time')}, {what}: {when(frame.index[int(again[0])])} in {places(again)}.",
        remedy=_remedy_for_duplicates(frame),
        rows=again,
    )


def _remedy_for_duplicates(frame: Any) -> str:
    """What really tells the rows apart, or else which of them can be kept."""
    zone = zones.with_repeated_hour(frame.index) if frame.index.tz is None else None
    if zone is not None:
        return f"Clocks may have gone back there: the times' zone, such as `--tz {zone}`, tells them apart."
    for place, name in enumerate(frame.columns):
        column = frame.iloc[:, place]
        if _type(column.dtype) == "text" and not pd.MultiIndex.from_arrays([frame.index, column]).has_duplicates:
            return f"{shown(str(name))} tells them apart: a dataset holds one series, so add a file for each of them."
    return "`--drop-duplicates` keeps the first row of each time."


def _missing(frame: Any) -> list[DataFinding]:
    found = []
    for place, name in enumerate(frame.columns):
        column = frame.iloc[:, place]
        rows = np.flatnonzero(column.isna())
        if not len(rows):
            continue
        if len(rows) == len(frame):
            found.append(finding("empty_column", f"{name} holds no values.", column=str(name), count=len(rows)))
            continue
        at = f" ({when(frame.index[int(rows[0])])})" if isinstance(frame.index, pd.DatetimeIndex) else ""
        found.append(
            finding(
                "missing_values",
                f"{counted(len(rows), 'missing value')} in {name}: {places(rows)}{at}.",
                column=str(name),
                rows=rows,
            )
        )
    return found


def when(moment: Any) -> str:
    """A time as people write it: without a clock reading where it is midnight."""
    if moment is pd.NaT:
        return "no time"
    return str(moment.date()) if moment == moment.normalize() else str(moment)


def facts(frame: Any, found: list[DataFinding], options: dict[str, str], zone: str) -> Facts:
    """What is stored with the dataset."""
    timed = isinstance(frame.index, pd.DatetimeIndex)
    seen = frame.index[~frame.index.isna()] if timed else frame.index
    year = bars.a_year(seen) if timed else bars.Year(None, "the table has no times")
    columns = [
        _column(frame.index, str(frame.index.name or "")),
        *(_column(frame.iloc[:, place], str(name)) for place, name in enumerate(frame.columns)),
    ]
    return Facts(
        rows=len(frame),
        columns=tuple(columns),
        first=seen.min().to_pydatetime(warn=False) if timed and len(seen) else None,
        last=seen.max().to_pydatetime(warn=False) if timed and len(seen) else None,
        zone=zone,
        bars_a_year=year.bars,
        bars_how=year.how,
        findings=tuple(found),
        head=tuple(_row(frame, number) for number in range(min(HEAD, len(frame)))),
        spark=_spark(frame),
        options={key: text[:200] for key, text in options.items()},
    )


def _column(values: Any, name: str) -> Column:
    return Column(name=name[:200], type=_type(values.dtype), missing=int(values.isna().sum()))


def _type(dtype: Any) -> Literal["number", "integer", "boolean", "time", "text"]:
    if isinstance(dtype, pd.DatetimeTZDtype) or dtype.kind == "M":
        return "time"
    kind = getattr(dtype, "kind", "O")
    return "boolean" if kind == "b" else "integer" if kind in "iu" else "number" if kind == "f" else "text"


def _row(frame: Any, number: int) -> tuple[str, ...]:
    first = str(frame.index[number])
    if isinstance(frame.index, pd.DatetimeIndex) and frame.index.tz is None and bool(frame.index.is_normalized):
        first = first.removesuffix(" 00:00:00")
    return (first[:CELL], *(_cell(frame.iat[number, place]) for place in range(frame.shape[1])))


def _cell(value: Any) -> str:
    if value is None or (np.isscalar(value) and pd.isna(value)):
        return ""
    return (f"{value:.12g}" if isinstance(value, float) else str(value))[:CELL]


def _spark(frame: Any) -> tuple[float | None, ...]:
    column = prices.main_column(frame)
    if column is None:
        return ()
    rows = np.linspace(0, len(frame) - 1, min(SPARK, len(frame))).round().astype(int)
    return tuple(
        float(value) if np.isfinite(value) else None
        for value in column.to_numpy(dtype="float64", na_value=np.nan)[rows]
    )
