"""Findings, and the error for files that would be misread. May import the contract."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from windtunnel.contract.dataset import DataFinding
from windtunnel.errors import FieldProblem, InvalidInput

PLACES = 10
"""How many rows a finding names at most."""


class DataRefused(InvalidInput):
    """A data file that would be misread as it is; `findings` say what is wrong and which option fixes it."""

    def __init__(self, findings: Sequence[DataFinding]) -> None:
        self.findings = tuple(findings)
        super().__init__(
            [FieldProblem(finding.column or "file", finding.message.rstrip(".")) for finding in findings],
            remedy=" ".join(dict.fromkeys(finding.remedy for finding in findings if finding.remedy)),
        )


def finding(
    kind: str,
    message: str,
    *,
    remedy: str = "",
    column: str = "",
    count: int = 1,
    rows: Iterable[Any] = (),
) -> DataFinding:
    """A finding; `rows` are counted from 0 and told from 1."""
    places = tuple(int(row) + 1 for row in list(rows)[:PLACES])
    return DataFinding(kind=kind, message=message, remedy=remedy, column=column[:200], count=int(count), rows=places)


def refuse(kind: str, message: str, remedy: str, **more: Any) -> NoReturn:
    """Raise `DataRefused` with one finding."""
    raise DataRefused([finding(kind, message, remedy=remedy, **more)])


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
