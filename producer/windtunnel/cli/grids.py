"""Parses the axes of a grid: `fast=5:50:5`, `slow=20,50,100`. May import contract and errors."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from windtunnel.contract import MAX_BATCH_JOBS
from windtunnel.errors import FieldProblem, InvalidInput

EXAMPLE = "write NAME=FIRST:LAST:STEP, as in fast=5:50:5, or NAME=VALUE,VALUE, as in slow=20,50,100"


def grid_of(axes: Iterable[str]) -> dict[str, list[Any]]:
    """The axes by name, in their order; `InvalidInput` names the one that is wrong.

    >>> grid_of(["fast=5:15:5", "kind=sma,ema"])
    {'fast': [5, 10, 15], 'kind': ['sma', 'ema']}
    """
    grid: dict[str, list[Any]] = {}
    for axis in axes:
        name, equals, text = axis.partition("=")
        if not equals or not name.strip() or not text.strip():
            raise _wrong(axis, f"is not an axis; {EXAMPLE}")
        if name in grid:
            raise _wrong(axis, f"names {name} a second time")
        grid[name] = _values(axis, text)
    return grid


def _values(axis: str, text: str) -> list[Any]:
    parts = [part.strip() for part in text.split(":")]
    if re.fullmatch(r"[-+.\d:eE\s]+", text) and len(parts) in (2, 3):
        return _range(axis, parts)
    try:
        return list(json.loads(f"[{text}]"))
    except (ValueError, RecursionError):  # not all of it is JSON
        return [_value(axis, part.strip()) for part in text.split(",")]


def _range(axis: str, parts: list[str]) -> list[int] | list[float]:
    """From first to last, both included. In decimals, to avoid rounding errors."""
    try:
        first, last, step = map(Decimal, [*parts, "1"][:3])
        if not step.is_finite() or step == 0 or (last - first) / step < 0:
            raise _wrong(axis, "has a step that does not lead from the first to the last value")
        steps = (last - first) / step
    except ArithmeticError:
        raise _wrong(axis, f"is not a range of numbers; {EXAMPLE}") from None
    if steps >= MAX_BATCH_JOBS:
        raise _wrong(axis, f"has about {steps:.3g} values; a batch takes at most {MAX_BATCH_JOBS:,} jobs")
    points = [first + at * step for at in range(int(steps) + 1)]
    if all(part.lstrip("+-").isdigit() for part in parts):
        return [int(point) for point in points]
    return [float(point) for point in points]


def _value(axis: str, text: str) -> Any:
    """A JSON value; anything else is a text."""
    if not text:
        raise _wrong(axis, 'has an empty value; write "" for an empty text')
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        if text[0] in '[{"':  # also where a comma inside of it has divided it
            raise _wrong(axis, f"has a value that is not JSON: {text[:40]}") from None
        return text


def _wrong(axis: str, problem: str) -> InvalidInput:
    return InvalidInput([FieldProblem(f"--grid {axis[:80]}", problem)], remedy="Nothing was submitted.")
