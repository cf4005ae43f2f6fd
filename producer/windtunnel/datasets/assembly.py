"""From text to frame: layout, times and numbers put together, compared with what a plain `read_csv` would give."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from pandas.tseries.api import guess_datetime_format

from windtunnel.contract.dataset import DataFinding
from windtunnel.datasets import layout as layouts
from windtunnel.datasets import numbers, shapes, source, table, times
from windtunnel.datasets.columns import look
from windtunnel.datasets.marks import Marks, find_marks
from windtunnel.datasets.options import ReadOptions
from windtunnel.datasets.refusal import counted, finding, named, refuse, shown


@dataclass
class Read:
    """A file as a frame."""

    frame: Any
    changed: bool
    findings: list[DataFinding] = field(default_factory=list)
    found: dict[str, str] = field(default_factory=dict)
    zone: str = ""


def read(path: Path, options: ReadOptions, folder: Path) -> Read:
    """Read a CSV file; raises `DataRefused`."""
    text = source.open_text(path, options.encoding, folder)
    layout = layouts.find(text, options)
    if text.lines * len(layout.names) > source.MOST_CELLS:
        refuse(
            "too_large",
            f"The table has about {text.lines:,} rows of {len(layout.names):,} columns; "
            f"at most {source.MOST_CELLS:,} cells are read",
            "Part it into several datasets, or leave columns out.",
        )
    cells = table.read(text.path, layout, quotes=text.quotes)
    if cells.rows == 0:
        refuse("no_rows", "The file has a header but no rows", "Give a file with rows.")
    names, name_findings = _names(layout.names)
    clock = times.find(cells.columns, names, options)
    if clock:
        _refuse_other_times(cells.columns, names, layout.names, clock)
    plain = _plain(path, text, layout, cells, clock)
    used = set(clock.columns) if clock else {0}
    rest = [place for place in range(len(names)) if place not in used]
    numbered = _row_numbers(cells.columns, names, rest, clock)
    rest = [place for place in rest if place != numbered]
    columns, marks = _columns(cells.columns, names, rest, plain, layout.sep, options)
    index = clock.index if clock else _index_without_times(cells.columns[0], names[0], plain, options)
    index = index.rename(_index_name(names, clock))
    frame = pd.DataFrame({number: values for number, (_, values, _) in enumerate(columns)}, index=index)
    frame.columns = pd.Index([name for name, _, _ in columns])
    result = Read(frame, changed=True, zone=clock.zone if clock else "")
    result.found = {**layout.found, **(clock.found if clock else {}), **marks}
    result.findings = [
        *text.findings,
        *layout.findings,
        *cells.findings,
        *name_findings,
        *(clock.findings if clock else ()),
    ]
    if clock and clock.columns[0] != 0:
        result.findings.append(
            finding("time_column", f"The times are in column {shown(names[clock.columns[0]])}; it was made the index.")
        )
    if numbered is not None:
        result.findings.append(finding("row_numbers", "The first column only numbers the rows; it was left out."))
    if marks.get("decimal") == ",":
        result.findings.append(
            finding("decimal_comma", "Numbers have a decimal comma; 1,5 was read as one and a half.")
        )
    result.findings += [one for _, _, found in columns for one in found]
    if plain is not None and same(frame, plain):
        result.frame, result.changed = plain, False
    return result


def _refuse_other_times(texts: list[Any], names: list[str], given: list[str], clock: times.Times) -> None:
    """A second column of times under the same name, as where several series stand side by side."""
    first = clock.columns[0]
    for place in range(first + 1, len(given)):
        if (
            given[place].strip()
            and given[place].strip() == given[first].strip()
            and not texts[place].equals(texts[first])
        ):
            refuse(
                "several_times",
                f"There are several columns {shown(names[first])} with different times: "
                "each belongs to the series beside it",
                "Make a file of each series.",
                column=names[first],
            )


def _names(names: list[str]) -> tuple[list[str], list[DataFinding]]:
    """Column names as pandas would make them different, without stray blanks."""
    found = []
    stripped = [re.sub(r'^\s+"(.*)"$', r"\1", name.rstrip()).strip().strip("\ufeff") for name in names]
    blank = [name for name, short in zip(names, stripped, strict=True) if name != short]
    if blank:
        found.append(
            finding("blanks_in_names", f"Blanks around column names were left out: {named(blank)}.", count=len(blank))
        )
    found += repeated([name for name in stripped if name])
    empty = [place for place, name in enumerate(stripped) if not name and place]
    if empty:
        found.append(
            finding(
                "unnamed_columns",
                f"{counted(len(empty), 'column')} without a name, first column {empty[0] + 1}.",
                count=len(empty),
            )
        )
    stems = [name or (f"Unnamed: {place}" if place else "") for place, name in enumerate(stripped)]
    return told_apart(stems), found


def repeated(names: list[str]) -> list[DataFinding]:
    """What to say where several columns have one name."""
    several = [name for name, number in Counter(names).items() if number > 1]
    if not several:
        return []
    message = f"Several columns are called {named(several)}; the later ones got a number."
    return [finding("duplicate_columns", message, count=len(several))]


def told_apart(names: list[str]) -> list[str]:
    """The names, each once, as pandas tells them apart: `close` and `close.1`."""
    result: list[str] = []
    taken: set[str] = set()
    for stem in names:
        name, number = stem, 0
        while name in taken:
            number += 1
            name = f"{stem}.{number}"
        taken.add(name)
        result.append(name)
    return result


def _plain(
    path: Path, text: source.Text, layout: layouts.Layout, cells: table.Table, clock: times.Times | None
) -> Any | None:
    """What `read_csv` makes of the file by itself; None where that differs in any case, or would be slow."""
    if not (text.plain and layout.plain) or cells.findings:
        return None
    if clock and not _pandas_reads(cells.columns[0]):
        return None
    try:
        frame = pd.read_csv(path, index_col=0, parse_dates=bool(clock), low_memory=False)
    except (ValueError, MemoryError, OverflowError):
        return None
    return frame if len(frame) == cells.rows and frame.shape[1] == len(layout.names) - 1 else None


def _pandas_reads(texts: Any) -> bool:
    """Whether pandas reads these times, and soon: where its format does not fit all, it guesses each anew."""
    if shapes.uniform(texts) is None:
        return False
    return len(texts) <= 20_000 or (guess_datetime_format(str(texts[0])) or "").startswith("%Y")


def _columns(
    texts: list[Any], names: list[str], places: list[int], plain: Any | None, sep: str, options: ReadOptions
) -> Any:
    """Name, values and findings of each column, and the marks that were found."""
    every = plain is None or options.decimal or options.thousands or options.missing
    odd = [place for place in places if every or place == 0 or plain.iloc[:, place - 1].dtype == object]  # type: ignore[union-attr]
    looked = {place: look(texts[place], names[place], options) for place in odd}
    marks = find_marks(list(looked.values()), options, sep)
    if marks.decimal == "," and len(odd) < len(places):  # then 1.234 is not one in the other columns either
        looked = {place: look(texts[place], names[place], options) for place in places}
        marks = find_marks(list(looked.values()), options, sep)
    found: list[tuple[str, Any, list[DataFinding]]] = []
    for place in places:
        column = looked.get(place)
        if column is None:
            found.append((names[place], plain.iloc[:, place - 1].to_numpy(), []))  # type: ignore[union-attr]
        else:
            found.append((names[place], numbers.values(column, marks), column.findings))
    unusual = {}
    if marks.decimal != ".":
        unusual["decimal"] = marks.decimal
    if marks.thousands:
        unusual["thousands"] = marks.thousands
    return found, unusual


def _row_numbers(texts: list[Any], names: list[str], places: list[int], clock: times.Times | None) -> int | None:
    """The unnamed first column of a table that was written with its row numbers."""
    if clock is None or 0 not in places or names[0]:
        return None
    some = texts[0].slice(0, 1000).to_pylist()
    starts = [int(some[0])] if some and some[0].isdigit() else []
    return (
        0
        if starts and starts[0] in (0, 1) and some == [str(starts[0] + number) for number in range(len(some))]
        else None
    )


def _index_without_times(texts: Any, name: str, plain: Any | None, options: ReadOptions) -> Any:
    if plain is not None:
        return plain.index
    column = look(texts, name, options)
    return pd.Index(
        numbers.values(column, Marks()) if column.kind in ("number", "text") else texts.to_pandas().to_numpy()
    )


def _index_name(names: list[str], clock: times.Times | None) -> str | None:
    if clock and len(clock.columns) > 1:
        return "Time"
    name = names[clock.columns[0]] if clock else names[0]
    return name or None


def same(one: Any, other: Any) -> bool:
    """Whether two frames are alike in values, types, index and names; a NaN equals a NaN."""
    axes = ((one.index, other.index), (one.columns, other.columns))
    if not all(a.dtype == b.dtype and list(a.names) == list(b.names) and a.equals(b) for a, b in axes):
        return False
    return all(_alike(one.iloc[:, place], other.iloc[:, place]) for place in range(one.shape[1]))


def _alike(one: Any, other: Any) -> bool:
    return bool(one.dtype == other.dtype and one.equals(other))
