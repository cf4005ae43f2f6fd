"""Checks which part of a list is asked for. May import contract and errors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from windtunnel import contract
from windtunnel.errors import FieldProblem, InvalidInput

if TYPE_CHECKING:
    from windtunnel.contract import Outcome

MOST = 10**9


def page_of(page: int, size: int | None) -> tuple[int, int | None]:
    """Start and stop of a page, which counts from 1; the whole list without a size."""
    checked_count("page", page)
    if size is not None:
        checked_count("size", size)
        return (page - 1) * size, page * size
    if page > 1:
        raise InvalidInput([FieldProblem("size", "is missing: a page needs one")])
    return 0, None


def checked_count(field: str, value: int) -> int:
    """The same number; `InvalidInput` if it is not a whole number from 1 to `MOST`."""
    if not isinstance(value, int):
        raise InvalidInput([FieldProblem(field, f"{value!r} is not a whole number")])
    if value < 1:
        raise InvalidInput([FieldProblem(field, f"{value} is below 1")])
    if value > MOST:
        raise InvalidInput([FieldProblem(field, f"is above {MOST:,}")])
    return value


def outcomes_of(given: Outcome | str | Iterable[Outcome | str]) -> frozenset[Outcome]:
    """One or several outcomes; `InvalidInput` for an unknown one lists those that exist."""
    names = list(given) if isinstance(given, Iterable) and not isinstance(given, str) else [given]
    try:
        return frozenset(contract.Outcome(name) for name in names)
    except ValueError as error:
        there = ", ".join(outcome.value for outcome in contract.Outcome)
        raise InvalidInput([FieldProblem("outcome", f"{error}; there are: {there}")]) from error
