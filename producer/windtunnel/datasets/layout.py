"""How the text is laid out: separator, lines before the header, header, names. Judged by the file's first lines."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass, field

from windtunnel.contract.dataset import DataFinding
from windtunnel.datasets.options import ReadOptions
from windtunnel.datasets.refusal import counted, finding, named, refuse, shown
from windtunnel.datasets.source import Text
from windtunnel.datasets.words import is_missing, is_time_name, looks_like_data, looks_like_time

SEPARATORS = ",;\t|"
OTHER_SEPARATORS = " :^~"
"""Rarer ones, which are in texts and times as well."""
SAMPLE_ROWS = 200
MOST_COLUMNS = 5000
MOST_PREAMBLE = 50
"""Lines among which the header is looked for by the name of its times."""

Row = tuple[int, list[str]]
"""The number of lines before it, and its cells."""

KLINE = "open_time,open,high,low,close,volume,close_time,quote_volume,trades,taker_base,taker_quote,ignore"
USUAL_NAMES = {
    2: "time,close",
    5: "time,open,high,low,close",
    6: "time,open,high,low,close,volume",
    7: "time,open,high,low,close,volume,trades",
    12: KLINE,
}
"""By their number, where the date and the time of day are in one column."""


@dataclass
class Layout:
    """Where the table is in the text."""

    sep: str
    names: list[str]
    """As they stand in the file; with one for each column of the rows."""
    body: int
    """Lines before the first row."""
    plain: bool
    """Whether `read_csv` finds the same table by itself."""
    findings: list[DataFinding] = field(default_factory=list)
    found: dict[str, str] = field(default_factory=dict)
    """Options that were found rather than given."""


def find(text: Text, options: ReadOptions) -> Layout:
    """The layout of a text; raises `DataRefused` where it is not certain."""
    if not text.head.strip():
        refuse("no_rows", "The file is empty: it has no rows", "Give a file with a header line and rows.")
    sep = options.sep or _separator(text.head)
    rows = _rows(text.head, sep, text.whole)
    if options.skip_lines:
        rows = [row for row in rows if row[0] >= options.skip_lines]
    if not rows:
        refuse("no_rows", "The file has no rows", "Give a file with a header line and rows.")
    width = _width(rows)
    if width > MOST_COLUMNS:
        refuse("too_wide", f"The table has {width:,} columns; at most {MOST_COLUMNS:,} are read", "Part it by columns.")
    if width == 1 and not options.sep:
        _refuse_other_separators(rows)
    layout = Layout(sep, [], 0, plain=sep == ",")
    if sep != ",":
        layout.found["sep"] = "tab" if sep == "\t" else sep
        if not options.sep:
            what = "tabs" if sep == "\t" else shown(sep)
            layout.findings.append(finding("separator", f"The columns are separated by {what}."))
    first = _first_data(rows, width)
    if options.names:
        _take_names(layout, rows, first, width, options.names)
    else:
        _take_header(layout, rows, first, width, skipped=bool(options.skip_lines))
    return layout


def _separator(head: str) -> str:
    """The one that parts most lines of the sample into equally many cells, and makes values of them."""
    best, choice = (0.0, 0.0), ","
    for sep in SEPARATORS:
        rows = [cells for _, cells in _rows(head, sep, whole=True)][-SAMPLE_ROWS:]
        if not rows:
            continue
        number, width = max((number, width) for width, number in Counter(map(len, rows)).items())
        if width == 1:
            continue
        cells = [cell for row in rows if len(row) == width for cell in row if cell.strip()]
        good = sum(1 for cell in cells if looks_like_data(cell)) / max(1, len(cells))
        # The header must part as the rows do: `1.234,50;1.250,25` has two commas in every row and none above them.
        alike = (
            any(len(row) == width and not any(map(looks_like_time, row)) for row in rows[:20]) or len(rows) == number
        )
        score = (number / len(rows) * (1.0 if alike else 0.5), good)
        if score > best:
            best, choice = score, sep
    return choice


def _refuse_other_separators(rows: list[Row]) -> None:
    """A single column that some other character parts alike in all rows is a table in another notation."""
    lines = [cells[0].strip() for _, cells in rows]
    for sep in OTHER_SEPARATORS:
        widths = {len(line.split(sep if sep != " " else None)) for line in lines}
        if len(lines) > 1 and len(widths) == 1 and widths != {1}:
            aligned = sep == " " and any("  " in line for line in lines)
            refuse(
                "separator",
                f"No separator was found; {'blanks' if sep == ' ' else shown(sep)} may be it, as in {shown(lines[-1])}",
                "Write the file anew with commas." if aligned else f"Give the separator with `--sep {shown(sep)}`.",
            )


def _rows(head: str, sep: str, whole: bool) -> list[Row]:
    """The rows of the first lines that are not blank."""
    csv.field_size_limit(1 << 24)
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=sep)
    rows: list[Row] = []
    before = 0
    try:
        for cells in reader:
            if (cells and any(cell.strip() for cell in cells[:1])) or len(cells) > 1:
                rows.append((before, cells))
            before = reader.line_num
            if len(rows) >= 5 * SAMPLE_ROWS:
                break
    except csv.Error as error:
        refuse("broken_csv", f"Line {before + 1:,} is not CSV: {error}", "Export the file again.")
    if not whole and len(rows) > 1:
        rows.pop()  # a quoted cell may go on behind the head
    return rows


def _width(rows: list[Row]) -> int:
    """How many cells most rows have; the later ones, as preambles come first."""
    later = rows[len(rows) // 2 :] if len(rows) > 3 else rows
    return Counter(len(cells) for _, cells in later).most_common(1)[0][0]


def _first_data(rows: list[Row], width: int) -> int | None:
    """Which row is the first of the body: values in most of its cells."""
    head = _header_with_time(rows, width)
    for number, (_, cells) in enumerate(rows):
        if len(cells) != width or (head is not None and number <= head):
            continue
        filled = [cell for cell in cells if not is_missing(cell)]
        values = sum(map(looks_like_data, filled))
        if values and (2 * values >= len(filled) or looks_like_time(cells[0])) and not _years_as_names(rows, number):
            return number
    return None


def _header_with_time(rows: list[Row], width: int) -> int | None:
    """Which row is a full line of names that begins with that of the times, as below what Bloomberg writes first."""
    for number, (_, cells) in enumerate(rows[:MOST_PREAMBLE]):
        named = len(cells) == width and is_time_name(cells[0]) and all(cell.strip() for cell in cells)
        if named and not any(looks_like_data(cell) for cell in cells):
            return number
    return None


def _years_as_names(rows: list[Row], number: int) -> bool:
    """`Date,2020,2021`: a header whose names are numbers."""
    return number == 0 and is_time_name(rows[0][1][0]) and not looks_like_data(rows[0][1][0])


def _take_names(layout: Layout, rows: list[Row], first: int | None, width: int, names: tuple[str, ...]) -> None:
    if len(names) != width:
        refuse(
            "names",
            f"The rows have {width} columns, but {len(names)} names were given",
            f"Give {width} names with `--names`.",
        )
    start = rows[first if first is not None else 0]
    layout.names, layout.body, layout.plain = list(names), start[0], False


def _take_header(layout: Layout, rows: list[Row], first: int | None, width: int, *, skipped: bool) -> None:
    if first == 0:
        _refuse_headerless(rows[0][1])
    above = rows[:first] if first is not None else rows[: _header_of_text(rows, width) + 1]
    if first is None and len(above) == len(rows):
        refuse("no_rows", f"The file has a header ({named(rows[-1][1])}) but no rows", "Give a file with rows.")
    place = _header_with_time(above, width)
    header = _header(above, rows[len(above) :], width) if place is None else above[place]
    preamble = above[: above.index(header)]
    between = above[above.index(header) + 1 :]
    layout.names = [name.lstrip("#").strip() if number == 0 else name for number, name in enumerate(header[1])]
    layout.names = _told_apart(layout.names, between)
    layout.body = rows[len(above)][0]
    layout.plain = layout.plain and not preamble and not between and not skipped and header[1][0] == layout.names[0]
    if preamble:
        lines = named(layout.sep.join(cells) for _, cells in preamble)
        text = f"{counted(len(preamble), 'line')} before the header left out: {lines}."
        layout.findings.append(finding("preamble", text, count=len(preamble)))
        layout.found["skip_lines"] = str(header[0])
    if between:
        if _second_index_name(between):
            layout.names[0] = between[-1][1][0]
        lines = named(layout.sep.join(cells) for _, cells in between)
        text = f"{counted(len(between), 'line')} under the header left out: {lines}."
        layout.findings.append(finding("extra_header", text, count=len(between)))
    _fit(layout, rows[len(above)][1], width)


def _header_of_text(rows: list[Row], width: int) -> int:
    """Of a table without a number in it: the first row of the usual width."""
    return next((number for number, (_, cells) in enumerate(rows) if len(cells) == width), 0)


def _header(above: list[Row], body: list[Row], width: int) -> Row:
    """The header among the lines above the body: the first that is as wide as the rows, or almost.

    It names more than half of the columns that are used; a spreadsheet writes empty ones after them.
    """
    used = sum(1 for place in range(width) if any(len(row) > place and row[place].strip() for _, row in body))
    for wanted in ({width}, {width - 1, width + 1}):
        fitting = [
            row for row in above if len(row[1]) in wanted and sum(1 for cell in row[1] if cell.strip()) > used // 2
        ]
        if fitting:
            return fitting[0] if len(fitting) <= 3 else fitting[-1]
    if width == 1:
        return above[-1]
    return refuse(
        "no_header",
        f"No header line of {width} names is above the first row; before it is {shown(','.join(above[-1][1]))}",
        f"Give the names with `--names`, {width} of them, separated by commas.",
    )


def _second_index_name(between: list[Row]) -> bool:
    """As yfinance writes it: names, tickers, then a line with the index's name alone."""
    cells = between[-1][1]
    return is_time_name(cells[0]) and not any(cell.strip() for cell in cells[1:])


def _told_apart(names: list[str], between: list[Row]) -> list[str]:
    """Names that are there several times, with what a line under them adds: `Close` and `AAPL` as `Close AAPL`."""
    if len(set(names)) == len(names):
        return names
    for _, cells in between:
        if len(cells) == len(names) and all(cell.strip() for cell in cells[1:]):
            joined = [names[0], *(f"{name} {cell.strip()}" for name, cell in zip(names[1:], cells[1:], strict=True))]
            if len(set(joined)) == len(joined):
                return joined
    return names


def _refuse_headerless(cells: list[str]) -> None:
    ticker = not looks_like_data(cells[0])
    clock = len(cells) > ticker + 1 and looks_like_time(cells[ticker + 1])
    width = len(cells) - ticker - clock
    usual = USUAL_NAMES.get(width) or ",".join(["time", *(f"column{number}" for number in range(2, width + 1))])
    usual = ("symbol," if ticker else "") + ("date," if clock else "") + usual
    refuse(
        "no_header",
        f"The file has no header: its first line is data, {shown(','.join(cells))}",
        f"Give the columns' names, for example `--names {usual[:200]}`.",
    )


def _fit(layout: Layout, row: list[str], width: int) -> None:
    """A header with one name more or fewer than the rows have cells."""
    names = layout.names
    if len(names) == width:
        return
    layout.plain = False
    if len(names) == width - 1 and not row[-1].strip():
        layout.names = [*names, ""]
        layout.findings.append(finding("trailing_separator", "Each row ends with a separator that the header lacks."))
    elif len(names) == width - 1 and looks_like_time(row[0]) and not is_time_name(names[0]):
        layout.names = ["", *names]
        layout.findings.append(
            finding("unnamed_index", "The first column has no name; the header's names are those of the others.")
        )
    elif len(names) == width + 1 and not names[-1].strip():
        layout.names = names[:-1]
    else:
        refuse(
            "header_width",
            f"The header has {counted(len(names), 'name')}, the rows have {counted(width, 'cell')}",
            f"Correct the header, or leave it out with `--skip-lines` and give {width} `--names`.",
        )
