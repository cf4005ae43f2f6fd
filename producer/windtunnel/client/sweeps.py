"""A sweep's parameter sets, from a grid or one by one. May import contract and errors."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, product
from typing import Any

from windtunnel import contract
from windtunnel.client.checking import refused

Grid = Mapping[str, Iterable[Any]]


def points(grid: Grid | None, params: Iterable[Mapping[str, Any]] | None) -> Iterator[dict[str, Any]]:
    """The parameter sets of a sweep: the given ones, or every combination of a grid, the last axis changing fastest.

    `InvalidInput` for neither or both, for an axis without values, and for more sets than a batch may have; the number
    is checked before the first set is built.

    >>> list(points({"fast": [5, 10], "slow": [50, 100]}, None))[:2]
    [{'fast': 5, 'slow': 50}, {'fast': 5, 'slow': 100}]
    """
    if (grid is None) == (params is None):
        raise refused("grid", "give either a grid or params, not both" if params is not None else "give it, or params")
    if grid is not None:
        return _product(grid)
    sets = bounded(() if params is None else params, "params")
    wrong = [index for index, one in enumerate(sets) if not isinstance(one, Mapping)]
    if wrong:
        raise refused(f"params.{wrong[0]}", f"is of type {type(sets[wrong[0]]).__name__}; give a dictionary")
    return iter([dict(one) for one in sets])


def bounded(items: Iterable[Any], field: str) -> list[Any]:
    """The items as a list. `InvalidInput` for none, and for more than a batch may have, even if they never end."""
    if isinstance(items, (str, bytes, Mapping, contract.Contract)) or not isinstance(items, Iterable):
        raise refused(field, f"is of type {type(items).__name__}; give a list, even for a single item")
    found = list(islice(items, contract.MAX_BATCH_JOBS + 1))
    if len(found) > contract.MAX_BATCH_JOBS:
        raise refused(field, f"has more than {contract.MAX_BATCH_JOBS:,} jobs, the most that a batch can have")
    if not found:
        raise refused(field, "is empty; give at least one")
    return found


def as_shared(job: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields that all jobs share. `InvalidInput` for one that is an argument of its own, as it would be lost."""
    if not isinstance(job, Mapping):
        raise refused("job", f"is of type {type(job).__name__}; give a dictionary of fields")
    own = [name for name in ("code", "datasets", "params") if name in job]
    if own:
        raise refused(f"job.{own[0]}", f"give `{own[0]}` as an argument of its own")
    return job


def _product(grid: Grid) -> Iterator[dict[str, Any]]:
    if not isinstance(grid, Mapping):
        raise refused(
            "grid", f"is of type {type(grid).__name__}; give a dictionary of lists, such as {{'fast': [5, 10]}}"
        )
    axes = {name: _axis(name, values) for name, values in grid.items()}
    size = math.prod(len(values) for values in axes.values())
    if not axes or size > contract.MAX_BATCH_JOBS:
        raise refused(
            "grid", f"has {size:,} points; a batch has at most {contract.MAX_BATCH_JOBS:,} jobs" if axes else "is empty"
        )
    return (dict(zip(axes, point, strict=True)) for point in product(*axes.values()))


def _axis(name: str, values: Iterable[Any]) -> Sequence[Any]:
    plain = getattr(values, "tolist", lambda: values)()  # of an array: its JSON values
    if isinstance(plain, (str, bytes, Mapping)) or not isinstance(plain, Iterable):
        raise refused(f"grid.{name}", f"is one value, {plain!r}; write [{plain!r}]")
    return bounded(plain, f"grid.{name}")
