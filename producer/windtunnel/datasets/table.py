"""The whole text as a table of strings, by Arrow's reader; rows of another width are found here."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import compute as pc
from pyarrow import csv as arrow_csv

from windtunnel.contract.dataset import DataFinding
from windtunnel.datasets.layout import Layout
from windtunnel.datasets.refusal import counted, finding, refuse, shown

BLOCK = 8 << 20
SAMPLE = 1000


@dataclass
class Table:
    """Strings by column, as they stand in the file."""

    columns: list[Any]
    """Arrow arrays of strings, one a column."""
    rows: int
    findings: list[DataFinding] = field(default_factory=list)


@dataclass
class _Misfit:
    row: int
    cells: int
    text: str


def read(path: Path, layout: Layout, *, quotes: bool) -> Table:
    """All rows as strings. Raises `DataRefused` for rows of another width than the header's."""
    misfits: list[_Misfit] = []
    try:
        table = _parse(path, layout, misfits, several_lines=False)
        if misfits and quotes:  # a quoted cell may hold line ends
            misfits.clear()
            table = _parse(path, layout, misfits, several_lines=True)
    except (pa.ArrowException, OSError, MemoryError) as error:
        refuse("broken_csv", f"The rows cannot be parsed: {shown(str(error), 120)}", "Export the file again.")
    found = _judge(misfits, len(layout.names), table.num_rows) if misfits else []
    columns = [table.column(number).combine_chunks() for number in range(table.num_columns)]
    if quotes:
        columns = [_unquoted(column) for column in columns]
    filled = _filled(columns)
    if filled is not None:
        columns = [column.filter(filled) for column in columns]
        empty = table.num_rows - len(columns[0])
        found = [*found, finding("empty_rows", f"{counted(empty, 'row')} without any value left out.", count=empty)]
    return Table(columns, len(columns[0]), findings=found)


def _filled(columns: list[Any]) -> Any | None:
    """Which rows hold a value, as an Arrow array; None if all do. A spreadsheet writes `,,,` after the last row."""
    empty: Any = None
    for column in columns:
        blank = pc.equal(pc.utf8_trim_whitespace(column), "")
        empty = blank if empty is None else pc.and_(empty, blank)
        if not pc.any(empty).as_py():
            return None
    return pc.invert(empty)


def _unquoted(texts: Any) -> Any:
    """Without quotation marks that stand after a blank, `, "1.5"`: to CSV they are part of the value."""
    quoted = r'^\s+"([^"]*)"\s*$'
    if not bool(pc.any(pc.match_substring_regex(texts.slice(0, SAMPLE), quoted)).as_py()):
        return texts
    return pc.replace_substring_regex(texts, quoted, r"\1")


def _parse(path: Path, layout: Layout, misfits: list[_Misfit], *, several_lines: bool) -> Any:
    keys = [str(number) for number in range(len(layout.names))]

    def misfit(row: Any) -> str:
        misfits.append(_Misfit(row.number or 0, row.actual_columns, row.text or ""))
        return "skip" if len(misfits) < 100_000 else "error"

    return arrow_csv.read_csv(
        path,
        read_options=arrow_csv.ReadOptions(
            column_names=keys, skip_rows=layout.body, block_size=BLOCK, use_threads=False
        ),
        parse_options=arrow_csv.ParseOptions(
            delimiter=layout.sep, newlines_in_values=several_lines, invalid_row_handler=misfit, ignore_empty_lines=True
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types={key: pa.large_string() for key in keys}, strings_can_be_null=False, check_utf8=False
        ),
    )


def _judge(misfits: list[_Misfit], width: int, rows: int) -> list[DataFinding]:
    """Lines at the end that are no rows are left out and named; anything else is refused."""
    if len(misfits) <= 5 and all(misfit.cells < width for misfit in misfits) and rows and _at_the_end(misfits, rows):
        texts = ", ".join(shown(misfit.text) for misfit in misfits)
        return [
            finding(
                "footer", f"{counted(len(misfits), 'line')} after the last row left out: {texts}.", count=len(misfits)
            )
        ]
    first = misfits[0]
    return refuse(
        "ragged_rows",
        f"{counted(len(misfits), 'row')} of {rows + len(misfits):,} have another number of cells "
        f"than the {width} of the header, "
        f"first {shown(first.text)} with {first.cells}",
        "Correct those rows, or give the separator with `--sep` if it is another one.",
        count=len(misfits),
    )


def _at_the_end(misfits: list[_Misfit], rows: int) -> bool:
    return all(misfit.row > rows for misfit in misfits)
