"""What `emit` makes of a program's values: JSON, or a refusal that says why.

Standard library only. Nothing here is trusted: the program can change all of it in its own process.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

MAX_DEPTH = 20


def plain(value: Any, depth: int = 0) -> Any:
    """A value as JSON types; arrays and frames by their own `tolist` and `to_dict`; NaN and inf as null."""
    if depth > MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH}")
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int):
        return int(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item, depth + 1) for item in value]
    converter = _converter(value)
    if converter is None:
        raise TypeError(f"cannot send a {type(value).__name__}; give numbers, text, lists or dicts")
    return plain(converter(), depth + 1)


def _converter(value: Any) -> Callable[[], Any] | None:
    for name in ("isoformat", "to_dict", "tolist", "item"):
        method = getattr(value, name, None)
        if callable(method):
            return method  # type: ignore[no-any-return]
    return None
