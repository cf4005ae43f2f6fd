"""Changes a job's data for a look-ahead check. Standard library and NumPy; frames are used by their methods only.

A probe is `{"change": "cut" | "scatter" | "mirror" | "repeat", "time": <the first changed index value>, "seed": int}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

SPREAD = 0.05
JUMP = 1.0
"""In logarithms: the first changed price is about 2.7 times as high, or as low."""


def changed(data: Mapping[str, Any], probe: Mapping[str, Any]) -> dict[str, Any]:
    """The data as one run of the check sees it: new frames, the given ones stay as they are."""
    return {name: _changed(frame, probe, number) for number, (name, frame) in enumerate(data.items())}


def _changed(frame: Any, probe: Mapping[str, Any], number: int) -> Any:
    start = int(frame.index.searchsorted(probe["time"]))
    if probe["change"] == "repeat" or start >= len(frame):
        return frame.copy()
    if probe["change"] == "cut":
        return frame.iloc[:start].copy()
    result, price = frame.copy(), _price(frame)
    if probe["change"] == "mirror" and price is not None and start:
        factors = _ratio(price[start - 1], price[start:], 0.5**0.5) ** 2
    else:
        rng = np.random.default_rng([probe["seed"], number])
        factors = np.exp(np.cumsum(rng.normal(0.0, SPREAD, len(frame) - start)) + rng.choice([-JUMP, JUMP]))
        order = start + rng.permutation(len(frame) - start)
        _reorder(result, start, order)
        if price is not None:
            factors *= _ratio(price[start:], price[order], 1.0)
    for place, kind in enumerate(frame.dtypes):
        if getattr(kind, "kind", "") in "fiu":
            values = result.iloc[:, place].to_numpy(copy=True)
            later = values[start:] * factors
            values[start:] = later if kind.kind == "f" else np.rint(later).astype(values.dtype)
            result.isetitem(place, values)
    return result


def _reorder(frame: Any, start: int, order: Any) -> None:
    """Put later rows in another order, since what a bar looks like, such as a gain or a text, tells of it too.

    Times stay, as programs rely on their order.
    """
    rows = np.concatenate((np.arange(start), order))
    for place, kind in enumerate(frame.dtypes):
        if getattr(kind, "kind", "") not in "mM":
            frame.isetitem(place, frame.iloc[rows, place].set_axis(frame.index))


def _price(frame: Any) -> Any:
    """The column called Close, else the last one of fractional numbers; None if there is none."""
    numbers = [place for place, kind in enumerate(frame.dtypes) if getattr(kind, "kind", "") == "f"]
    named = [place for place in numbers if str(frame.columns[place]).lower() == "close"]
    return frame.iloc[:, (named or numbers)[-1]].to_numpy() if numbers else None


def _ratio(these: Any, those: Any, otherwise: float) -> Any:
    """Element by element; `otherwise` where it is not a positive number."""
    with np.errstate(all="ignore"):
        ratio = these / those
    return np.where(np.isfinite(ratio) & (ratio > 0), ratio, otherwise)
