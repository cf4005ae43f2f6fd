"""A sweep's parameter sets, from a grid or one by one. May import contract and errors."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, product
from typing import Any

from windtunnel import contract
from windtunnel.errors import FieldProblem, InvalidInput

Grid = Mapping[str, Iterable[Any]]


def points(grid: Grid | None, params: Iterable[Mapping[str, Any]] | None) -> Iterator[dict[str, Any]]:
    """The parameter sets of a sweep: the given ones, or every combination of a grid, the last axis changing fastest.

    `InvalidInput` for neither or both, for an axis without values, and for more sets than a batch may have; the number
    is checked before the first set is built.

    >>> list(points({"fast": [5, 10], "slow": [50, 100]}, None))[:2]
    [{'fast': 5, 'slow': 50}, {'fast': 5, 'slow': 100}]
    """
    if (grid is None) == (params is None):
        raise _refused(
            "grid", "give either a grid or params, not both" if params is not None else "or params is missing"
        )
    if grid is not None:
        return _product(grid)
    if isinstance(params, (str, bytes, Mapping)):
        raise _refused("params", "is one value; give a list of parameter sets")
    return iter([dict(one) for one in bounded(params or (), "params")])


def bounded(items: Iterable[Any], field: str) -> list[Any]:
    """The items as a list; `InvalidInput` if there are more than a batch may have, even if they never end."""
    found = list(islice(items, contract.MAX_BATCH_JOBS + 1))
    if len(found) > contract.MAX_BATCH_JOBS:
        raise _refused(field, f"has more than {contract.MAX_BATCH_JOBS:,} jobs, the most that a batch can have")
    return found


def _product(grid: Grid) -> Iterator[dict[str, Any]]:
    axes = {name: _axis(name, values) for name, values in grid.items()}
    size = math.prod(len(values) for values in axes.values())
    if not axes or size > contract.MAX_BATCH_JOBS:
        raise _refused(
            "grid", f"has {size:,} points; a batch has at most {contract.MAX_BATCH_JOBS:,} jobs" if axes else "is empty"
        )
    return (dict(zip(axes, point, strict=True)) for point in product(*axes.values()))


def _axis(name: str, values: Iterable[Any]) -> Sequence[Any]:
    plain = getattr(values, "tolist", lambda: values)()  # of an array: its JSON values
    if isinstance(plain, (str, bytes, Mapping)) or not isinstance(plain, Iterable):
        raise _refused(f"grid.{name}", f"is one value, {plain!r}; write [{plain!r}]")
    axis = bounded(plain, f"grid.{name}")
    if not axis:
        raise _refused(f"grid.{name}", "has no value")
    return axis


def _refused(field: str, problem: str) -> InvalidInput:
    return InvalidInput([FieldProblem(field, problem)], remedy="Nothing was stored.")
