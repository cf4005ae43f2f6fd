"""Findings on prices: none or negative, outside their bar, jumps, constants. May import pandas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from windtunnel.contract.dataset import DataFinding
from windtunnel.datasets.refusal import counted, finding, places
from windtunnel.datasets.words import ADJUSTED_NAMES, CLOSE_NAMES, PRICE_NAMES, plain_name

DEVIATIONS = 10
SPLITS = (2, 3, 4, 5, 7, 8, 10, 15, 20, 25, 50, 100)


def _is_number(column: Any) -> bool:
    return bool(getattr(column.dtype, "kind", "O") in "iuf")


def main_column(frame: Any) -> Any | None:
    """The closing price, or else the last column of numbers."""
    numeric = [place for place in range(frame.shape[1]) if _is_number(frame.iloc[:, place])]
    names = {plain_name(str(frame.columns[place])): place for place in reversed(numeric)}
    for name in CLOSE_NAMES:
        if name in names:
            return frame.iloc[:, names[name]]
    return frame.iloc[:, numeric[-1]] if numeric else None


def find(frame: Any) -> list[DataFinding]:
    """Findings on the prices of a frame."""
    found: list[DataFinding] = []
    by_name: dict[str, Any] = {}
    for place, name in enumerate(frame.columns):
        column = frame.iloc[:, place]
        if _is_number(column):
            by_name.setdefault(plain_name(str(name)), (str(name), column.to_numpy(dtype="float64", na_value=np.nan)))
    for plain, (name, values) in by_name.items():
        found += _of_column(name, values, priced=plain in PRICE_NAMES)
    found += _bars(by_name)
    found += _adjusted(by_name)
    main = main_column(frame)
    if main is not None and len(frame) > 20:
        found += _jumps(str(main.name), main.to_numpy(dtype="float64", na_value=np.nan), frame.index)
    return found


def _of_column(name: str, values: Any, *, priced: bool) -> list[DataFinding]:
    found = []
    infinite = np.flatnonzero(np.isinf(values))
    if len(infinite):
        found.append(
            finding(
                "infinite_values",
                f"{counted(len(infinite), 'infinite value')} in {name}: {places(infinite)}.",
                column=name,
                rows=infinite,
            )
        )
    if priced:
        for kind, rows, what in (
            ("zero_prices", np.flatnonzero(values == 0), "zero"),
            ("negative_prices", np.flatnonzero(values < 0), "negative"),
        ):
            if len(rows):
                found.append(
                    finding(
                        kind,
                        f"{counted(len(rows), f'{what} price')} in {name}: {places(rows)}.",
                        column=name,
                        rows=rows,
                    )
                )
    seen = values[np.isfinite(values)]
    if len(seen) > 2 and bool((seen == seen[0]).all()):
        found.append(finding("constant_column", f"{name} is {seen[0]:g} in every row.", column=name))
    return found


def _bars(by_name: dict[str, Any]) -> list[DataFinding]:
    if "high" not in by_name or "low" not in by_name:
        return []
    high, low = by_name["high"][1], by_name["low"][1]
    found = []
    crossed = np.flatnonzero(high < low)
    if len(crossed):
        found.append(
            finding(
                "high_below_low",
                f"High is below Low in {counted(len(crossed), 'row')}: {places(crossed)}.",
                rows=crossed,
            )
        )
    slack = 1e-9 * np.abs(high)
    for plain in ("open", "close"):
        if plain in by_name:
            name, values = by_name[plain]
            outside = np.flatnonzero(((values > high + slack) | (values < low - slack)) & (high >= low))
            if len(outside):
                found.append(
                    finding(
                        "outside_bar",
                        f"{name} is outside Low to High in {counted(len(outside), 'row')}: {places(outside)}.",
                        column=name,
                        rows=outside,
                    )
                )
    return found


def _adjusted(by_name: dict[str, Any]) -> list[DataFinding]:
    adjusted = next((by_name[one] for one in ADJUSTED_NAMES if one in by_name), None)
    if adjusted is None or "close" not in by_name:
        return []
    close = by_name["close"][1]
    different = float(np.mean(np.abs(adjusted[1] - close) > 1e-6 * np.abs(close)))
    if different == 0:
        return []
    return [
        finding(
            "unadjusted",
            f"Close differs from {adjusted[0]} in {different:.0%} of the rows: "
            "Close is not adjusted for all dividends and splits.",
            column=by_name["close"][0],
        )
    ]


def _jumps(name: str, values: Any, index: Any) -> list[DataFinding]:
    """Moves of more than ten deviations; the first move of a day is compared with others of its kind."""
    with np.errstate(all="ignore"):
        moves = values[1:] / values[:-1] - 1
    usable = np.isfinite(moves) & (values[:-1] > 0)
    overnight = np.zeros(len(moves), bool)
    if isinstance(index, pd.DatetimeIndex):
        days = index.normalize().asi8
        overnight = np.diff(days) != 0
        if overnight.mean() > 0.5:
            overnight[:] = False
    rows: list[int] = []
    for group in (usable & ~overnight, usable & overnight):
        rows += _outliers(moves, np.flatnonzero(group))
    if not rows:
        return []
    rows.sort()
    largest = max(rows, key=lambda row: abs(moves[row]))
    ratio = max(1 + moves[largest], 1 / (1 + moves[largest])) if moves[largest] > -1 else 0.0
    split = next(
        (
            f"; 1:{part} would be a split that the prices are not adjusted for"
            for part in SPLITS
            if abs(ratio / part - 1) < 0.03
        ),
        "",
    )
    at = f" at {index[largest + 1]}" if isinstance(index, pd.DatetimeIndex) else ""
    return [
        finding(
            "jumps",
            f"{counted(len(rows), 'move')} of {name} by more than {DEVIATIONS} deviations; "
            f"the largest, {moves[largest]:+.1%}, in row {largest + 2}{at}{split}.",
            column=name,
            rows=[row + 1 for row in rows],
        )
    ]


def _outliers(moves: Any, places_: Any) -> list[int]:
    if len(places_) < 20:
        return []
    sizes = moves[places_]
    middle = float(np.median(sizes))
    usual = np.sort(np.abs(sizes - middle))[: max(1, int(len(sizes) * 0.99) - 1)]
    deviation = float(np.sqrt(np.mean(usual**2)))
    if deviation <= 1e-12:
        return []
    return [int(row) for row in places_[np.abs(sizes - middle) > DEVIATIONS * deviation]]
