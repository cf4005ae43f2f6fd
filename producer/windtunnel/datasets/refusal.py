"""Findings, and how to refuse files that would be misread. May import the contract."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn

from windtunnel.contract.dataset import DataFinding
from windtunnel.errors import DataRefused, FieldProblem

PLACES = 10
"""How many rows a finding names at most."""


def finding(
    kind: str,
    message: str,
    *,
    remedy: str = "",
    column: str = "",
    count: int | None = None,
    rows: Any = (),
) -> DataFinding:
    """A finding. `rows` are counted from 0 here and from 1 in it; `count` is their number, unless another is given."""
    places = tuple(int(row) + 1 for row in rows[:PLACES])
    number = (len(rows) or 1) if count is None else count
    return DataFinding(kind=kind, message=message, remedy=remedy, column=column[:200], count=number, rows=places)


def refuse(kind: str, message: str, remedy: str, **more: Any) -> NoReturn:
    """Raise `DataRefused` with one finding."""
    found = finding(kind, message, remedy=remedy, **more)
    raise DataRefused([FieldProblem(found.column or "file", message.rstrip("."))], [found], remedy=remedy)


def shown(text: str, most: int = 40) -> str:
    """A text of the file in quotes: short, and without control characters."""
    return repr(text if len(text) <= most else text[: most - 1] + "…")


def named(texts: Iterable[str], most: int = 3) -> str:
    """`'a', 'b', 'c' and 4 more`."""
    some = list(texts)
    more = f" and {len(some) - most} more" if len(some) > most else ""
    return ", ".join(shown(text) for text in some[:most]) + more


def places(rows: Any) -> str:
    """`row 3` or `rows 3, 7, 9 and 12 more`, from row numbers counted from 0."""
    first = ", ".join(str(int(row) + 1) for row in rows[:3])
    more = f" and {len(rows) - 3:,} more" if len(rows) > 3 else ""
    return f"row{'' if len(rows) == 1 else 's'} {first}{more}"


def counted(number: int, what: str) -> str:
    """`1 row`, `1,200 rows`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
