"""Tables that fit any terminal: with less room they show fewer columns, and they never cut a cell off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, JustifyMethod, RenderResult
from rich.table import Table
from rich.text import Text

from windtunnel.texts import harmless

GAP = 2
LEAST = 8
"""The narrowest width, in cells, of a column of text."""


@dataclass(frozen=True)
class Shown:
    """A column. Figures and ids stay on one line; with `wraps`, text may continue on the next lines."""

    name: str
    wraps: bool = False
    justify: JustifyMethod = "left"
    rank: int = 0
    """0: always shown. The others are added in the order of their ranks while there is room."""
    least: int = 0
    """The width that a column of wrapping text should have."""
    filled: bool = False
    """Only shown if a row has something in it."""


def figure_column(name: str, rank: int = 0) -> Shown:
    """A column of numbers."""
    return Shown(name, justify="right", rank=rank)


class Fitted:
    """A table that chooses its columns when it is printed. Cells given as `str` are shown as plain text."""

    def __init__(self, *columns: Shown, title: str | None = None, further: int | None = None) -> None:
        """With `further`, the number of columns not given here, the table says how many columns it does not show."""
        self._columns, self._title, self._further = columns, title, further
        self._rows: list[list[Text]] = []

    def add_row(self, *cells: str | Text) -> None:
        """Add a row, with a cell for every column."""
        self._rows.append([cell if isinstance(cell, Text) else Text(harmless(cell)) for cell in cells])

    @property
    def row_count(self) -> int:
        """How many rows it has."""
        return len(self._rows)

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        widths = self._widths(options.max_width)
        table = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, header_style="bold")
        for place, width in widths.items():
            column = self._columns[place]
            table.add_column(Text(column.name), justify=column.justify, overflow="fold", width=width)
        for row in self._rows:
            table.add_row(*(row[place] for place in widths))
        if self._title:
            yield Text(self._title, style="italic")  # Rich would break it within a narrow table
        yield table
        empty = sum(map(self._empty, range(len(self._columns))))
        left_out = len(self._columns) - empty - len(widths) + (self._further or 0)
        if left_out and self._further is not None:
            yield Text(f"Columns that are not shown: {left_out:,}", style="dim")

    def _empty(self, place: int) -> bool:
        """Whether a `filled` column is left out because no row has anything in it."""
        return self._columns[place].filled and not any(row[place] for row in self._rows)

    def _widths(self, width: int) -> dict[int, int | None]:
        """The columns to show and their widths; None if even the columns that are always shown do not fit."""
        widest = [
            max(map(_width, [Text(column.name), *(row[place] for row in self._rows)]))
            for place, column in enumerate(self._columns)
        ]
        enough = width // (4 + sum(column.wraps for column in self._columns))
        needs = [
            min(cells, max(enough, column.least)) if column.wraps else cells
            for cells, column in zip(widest, self._columns, strict=True)
        ]
        chosen, room = self._chosen(needs, width)
        # The narrowest first: the room they do not need is shared by the others.
        wrapping = sorted(filter(lambda place: self._columns[place].wraps, chosen), key=lambda place: widest[place])
        for others, place in zip(range(len(wrapping), 0, -1), wrapping, strict=True):
            wanted = widest[place] - needs[place]
            more = min(room // others, wanted) if room > 0 else max(room, min(0, LEAST - needs[place]))
            needs[place] += more
            room -= more
        return {place: needs[place] if room >= 0 else None for place in chosen}

    def _chosen(self, needs: Sequence[int], width: int) -> tuple[list[int], int]:
        """The columns to show and the width that is left, negative if they do not fit."""
        places = [place for place in range(len(self._columns)) if not self._empty(place)]
        by_rank = sorted(places, key=lambda place: self._columns[place].rank)
        chosen, room = [], width + GAP
        for place in by_rank:
            if self._columns[place].rank == 0 or needs[place] + GAP <= room:
                chosen.append(place)
                room -= needs[place] + GAP
        return sorted(chosen), room


def _width(cell: Text) -> int:
    return max((cell_len(line) for line in cell.plain.split("\n")), default=0)
