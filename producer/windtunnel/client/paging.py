"""Checks which part of a list is asked for. May import contract and errors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from windtunnel import contract
from windtunnel.errors import FieldProblem, InvalidInput

if TYPE_CHECKING:
    from windtunnel.contract import Outcome


def page_of(page: int, size: int | None) -> tuple[int, int | None]:
    """Start and stop of a page, which counts from 1; the whole list without a size."""
    problems = [
        FieldProblem(name, f"{value} is below 1")
        for name, value in (("page", page), ("size", size))
        if value is not None and value < 1
    ]
    if not problems and size is None and page > 1:
        problems = [FieldProblem("size", "is missing: a page needs one")]
    if problems:
        raise InvalidInput(problems)
    return (0, None) if size is None else ((page - 1) * size, page * size)


def outcomes_of(given: Outcome | str | Iterable[Outcome | str]) -> frozenset[Outcome]:
    """One or several outcomes; `InvalidInput` for an unknown one lists those that exist."""
    names = [given] if isinstance(given, str) else list(given)
    try:
        return frozenset(contract.Outcome(name) for name in names)
    except ValueError as error:
        there = ", ".join(outcome.value for outcome in contract.Outcome)
        raise InvalidInput([FieldProblem("outcome", f"{error}; there are: {there}")]) from error
