"""What `emit` makes of a program's values: JSON, or a refusal that says why. README.md has the form of each kind.

Standard library only. Nothing here is trusted: the program can change all of it in its own process.
"""

from __future__ import annotations

import base64
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, MappingView, Sequence, Set
from typing import Any

MAX_DEPTH = 20
MAX_INTEGER_BITS = 14_000
"""Of what Python reads and writes as text without a higher limit: 4,300 digits."""
MAX_ITEMS = 1_000_000
"""Of a range, which is long before it is large. No record has room for more."""

Form = Callable[[Any], Any]


def plain(value: Any, depth: int = 0) -> Any:
    """A value as JSON types, exact; NaN and the infinities stay floats, for the host to mark.

    `TypeError` for what has no form, `ValueError` for what is too deep, too large or would lose entries.
    """
    if depth > MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH}")
    if value is None or type(value) in (float, str, bool):
        return value
    form = _form(value)
    if form is not None:
        return plain(form(value), depth + 1)
    for kinds, convert in CONVERSIONS:
        if isinstance(value, kinds):
            return convert(value, depth)
    raise _refusal(value)


def _integer(value: int, _: int) -> int:
    if value.bit_length() > MAX_INTEGER_BITS:
        raise ValueError("an integer of more than 4,200 digits; send it as text in hexadecimal, or as a float")
    return int(value)


def _bytes(value: bytes | bytearray | memoryview, _: int) -> dict[str, str]:
    return {"$bytes": base64.b64encode(value).decode()}


def _members(value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
    members = {str(key): plain(item, depth + 1) for key, item in value.items()}
    if len(members) < len(value):
        names = Counter(str(key) for key in value)
        raise ValueError(f"two keys are {names.most_common(1)[0][0]!r} as text; give each its own")
    return members


def _set(value: Set[Any], depth: int) -> list[Any]:
    """The members of a set in order, so that each run sends the same."""
    found = [plain(item, depth + 1) for item in value]
    try:
        return sorted(found)
    except TypeError:
        return sorted(found, key=lambda item: (type(item).__name__, repr(item)))


def _items(value: Sequence[Any] | MappingView, depth: int) -> list[Any]:
    if isinstance(value, range) and len(value) > MAX_ITEMS:
        raise ValueError(f"{len(value):,} items; at most {MAX_ITEMS:,} are taken")
    return [plain(item, depth + 1) for item in value]  # type: ignore[union-attr]


CONVERSIONS: tuple[tuple[Any, Callable[[Any, int], Any]], ...] = (
    (str, lambda value, _: str(value)),
    (float, lambda value, _: float(value)),
    (int, _integer),
    ((bytes, bytearray, memoryview), _bytes),
    (Mapping, _members),
    (Set, _set),
    ((Sequence, MappingView), _items),
)
"""The kinds that JSON has, and what they become. The first that fits counts."""


def _refusal(value: Any) -> TypeError:
    kind = type(value).__name__
    if isinstance(value, Iterator):
        return TypeError(f"cannot send a {kind}, which is empty once it was read; give list(…)")
    return TypeError(f"cannot send a {kind}; give numbers, text, lists or dicts")


# -- kinds that are not JSON's own ------------------------------------------------------------------------


def _form(value: Any) -> Form | None:
    """How a value of a kind that is not JSON's own is made plainer; None if it is JSON's own, or has no form."""
    if type(value) in (int, list, tuple, dict):
        return None
    if isinstance(value, type):
        raise TypeError(f"cannot send a class, {value.__name__}; give one of its values")
    for module, name, form in FORMS:
        kind = getattr(sys.modules.get(module), name, None)  # no value is of a kind whose module is not loaded
        if isinstance(kind, type) and isinstance(value, kind):
            return form
    if hasattr(type(value), "__dataclass_fields__"):
        return lambda found: {field: getattr(found, field) for field in type(found).__dataclass_fields__}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return lambda found: found._asdict()
    if isinstance(value, str | float | int | Mapping | Sequence | Set):
        return None
    return _own_method(value)


def _own_method(value: Any) -> Form | None:
    for name in ("isoformat", "to_dict", "tolist", "to_list", "item"):
        if callable(getattr(value, name, None)):
            return lambda found, name=name: getattr(found, name)()  # type: ignore[misc]
    return None


def _enum(member: Any) -> Any:
    """The value of a member that is itself a number or text, the name of any other."""
    return member.value if isinstance(member, int | str | float) or member.name is None else member.name


def _decimal(number: Any) -> Any:
    return str(number) if number.is_finite() else float("nan" if number.is_nan() else number)


def _timestamp(time: Any) -> Any:
    return None if _is_missing(time) else time.isoformat()


def _duration(duration: Any) -> Any:
    return None if _is_missing(duration) else duration.total_seconds()


def _is_missing(time: Any) -> bool:
    return bool(time != time)  # noqa: PLR0124 - NaT, as NaN, is not equal to itself


def _array(array: Any) -> Any:
    """Times as text and durations in seconds, as single ones are; `tolist` would give nanoseconds without a unit."""
    numpy = sys.modules["numpy"]
    if array.dtype.names:
        return {name: array[name] for name in array.dtype.names}
    if array.dtype.kind == "M":
        texts = numpy.where(numpy.isnat(array), None, numpy.datetime_as_string(array))
        return texts.tolist()
    if array.dtype.kind == "m":
        seconds = numpy.where(numpy.isnat(array), None, array / numpy.timedelta64(1, "s"))
        return seconds.tolist()
    if array.dtype.kind in "fc" and array.dtype.itemsize > (8 if array.dtype.kind == "f" else 16):
        return array.astype("f8" if array.dtype.kind == "f" else "c16").tolist()
    return array.tolist()


def _series(series: Any) -> Any:
    names = [str(name) for name in series.index]
    if _distinct(names):
        return dict(zip(names, series.tolist(), strict=True))
    return {"index": series.index, "values": series.tolist()}


def _table(frame: Any) -> Any:
    rows, columns = [str(name) for name in frame.index], [str(name) for name in frame.columns]
    lists = [frame.iloc[:, at].tolist() for at in range(len(columns))]
    if _distinct(rows) and _distinct(columns):
        return {name: dict(zip(rows, values, strict=True)) for name, values in zip(columns, lists, strict=True)}
    data = [list(row) for row in zip(*lists, strict=True)] if lists else [[] for _ in rows]
    return {"index": frame.index, "columns": frame.columns, "data": data}


def _distinct(names: Iterable[str]) -> bool:
    names = list(names)
    return len(set(names)) == len(names)


def _nothing(_: object) -> None:
    return None


FORMS: tuple[tuple[str, str, Form], ...] = (
    ("enum", "Enum", _enum),
    ("pandas._libs.tslibs.nattype", "NaTType", _nothing),
    ("pandas._libs.missing", "NAType", _nothing),
    ("pandas", "Period", str),
    ("pandas", "Interval", str),
    ("pandas", "Series", _series),
    ("pandas", "DataFrame", _table),
    ("pandas", "Index", lambda index: index.tolist()),
    ("numpy", "ndarray", _array),
    ("numpy", "generic", lambda scalar: _array(scalar) if scalar.dtype.kind in "mMfc" else scalar.item()),
    ("datetime", "timedelta", _duration),
    ("datetime", "datetime", _timestamp),
    ("datetime", "date", _timestamp),
    ("datetime", "time", _timestamp),
    ("datetime", "tzinfo", str),
    ("decimal", "Decimal", _decimal),
    ("fractions", "Fraction", str),
    ("uuid", "UUID", str),
    ("pathlib", "PurePath", str),
    ("builtins", "complex", lambda number: {"real": number.real, "imag": number.imag}),
    ("polars", "Series", lambda series: series.to_list()),
    ("polars", "DataFrame", lambda frame: frame.to_dict(as_series=False)),
)
"""Module, class and how to make its values plainer. The first that fits counts."""
