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
    return {name: _changed(frame, probe) for name, frame in data.items()}


def _changed(frame: Any, probe: Mapping[str, Any]) -> Any:
    start = int(frame.index.searchsorted(probe["time"]))
    if probe["change"] == "repeat" or start >= len(frame):
        return frame.copy()
    if probe["change"] == "cut":
        return frame.iloc[:start].copy()
    path = _mirror if probe["change"] == "mirror" else _scatter
    factors = path(frame, start, np.random.default_rng(probe["seed"]))
    result = frame.copy()
    for place, kind in enumerate(frame.dtypes):
        if getattr(kind, "kind", "") in "fiu":
            values = frame.iloc[:, place].to_numpy(copy=True)
            later = values[start:] * factors
            values[start:] = later if kind.kind == "f" else np.rint(later).astype(values.dtype)
            result.isetitem(place, values)
    return result


def _scatter(frame: Any, start: int, rng: np.random.Generator) -> Any:
    return np.exp(np.cumsum(rng.normal(0.0, SPREAD, len(frame) - start)) + rng.choice([-JUMP, JUMP]))


def _mirror(frame: Any, start: int, rng: np.random.Generator) -> Any:
    """Factors that turn each move of the last price column into its opposite."""
    numbers = [place for place, kind in enumerate(frame.dtypes) if getattr(kind, "kind", "") == "f"]
    if not numbers or not start:
        return _scatter(frame, start, rng)
    named = [place for place in numbers if str(frame.columns[place]).lower() == "close"]
    price = frame.iloc[:, (named or numbers)[-1]].to_numpy()
    with np.errstate(all="ignore"):
        factors = (price[start - 1] / price[start:]) ** 2
    return np.where(np.isfinite(factors) & (factors > 0), factors, 0.5)
