"""The values that a program emitted, as JSON that any reader takes. Pure. All of it is the program's word."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice
from typing import Any

MAX_DEPTH = 32
MAX_PLACES = 256
"""Of numbers that are not finite, in all values of a job."""
MAX_PLACES_OF_A_VALUE = 8
LONGEST_PLACE = 300
FLOAT = "$float"
"""`{"$float": "NaN"}` is a number that the JSON writers of most languages refuse or round."""


class Values:
    """Values by name: Unicode only, finite numbers, not nested too deeply."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}
        self._places: dict[str, dict[str, str]] = {}

    def keep(self, name: str, value: Any) -> None:
        """Keep a value, in place of an earlier one of that name; `ValueError` if it cannot be stored."""
        odd = list[float]()
        self.kept[name] = _storable(value, odd)
        self._places.pop(name, None)
        room = min(MAX_PLACES_OF_A_VALUE, MAX_PLACES - sum(map(len, self._places.values())))
        if odd and room > 0:
            found = {place[:LONGEST_PLACE]: _word(number) for place, number in islice(_odd(value, name), room)}
            more = {f"{name}[…]": f"{len(odd) - room:,} more"} if len(odd) > room else {}
            self._places[name] = found | more

    def places(self) -> dict[str, str]:
        """Where None stands for a number that is not finite, as `sharpe`, `curve[3]` or `fit.alpha`; for which."""
        return {place: word for places in self._places.values() for place, word in places.items()}


def storable_text(text: str) -> str:
    r"""Text with halves of surrogate pairs, which UTF-8 cannot write, as `\udcff`."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def _storable(value: Any, odd: list[float], depth: int = 0) -> Any:
    """The value with None for each number that is not finite, which `odd` gets; `ValueError` if it is too deep."""
    if depth > MAX_DEPTH:
        raise ValueError("nested too deeply")
    if isinstance(value, dict):
        if FLOAT not in value:
            return {storable_text(name): _storable(item, odd, depth + 1) for name, item in value.items()}
        value = _float(value)
    if isinstance(value, list):
        return [_storable(item, odd, depth + 1) for item in value]
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        odd.append(value)
        return None
    return value


def _odd(value: Any, place: str) -> Iterator[tuple[str, float]]:
    """The numbers in a value that are not finite, and where they stand."""
    if isinstance(value, dict):
        if FLOAT in value:
            yield from _odd(_float(value), place)
            return
        for name, item in value.items():
            yield from _odd(item, f"{place}.{storable_text(name[:LONGEST_PLACE])}")
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from _odd(item, f"{place}[{at}]")
    elif isinstance(value, float) and not math.isfinite(value):
        yield place, value


def _float(value: dict[str, Any]) -> float:
    try:
        return float(value[FLOAT])
    except (TypeError, OverflowError) as error:
        raise ValueError("no number") from error


def _word(number: float) -> str:
    if math.isnan(number):
        return "NaN"
    return "Infinity" if number > 0 else "-Infinity"
