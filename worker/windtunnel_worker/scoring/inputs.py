"""What scoring is given: prices out of the store, positions out of the sandbox. Positions are hostile input.

Positions cross as two plain arrays, little-endian: the bars' times (int64, nanoseconds since 1970, UTC) and the
positions (float64, one row a bar, one column a dataset). Nothing here parses anything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Times = NDArray[np.int64]
Picked = NDArray[np.int64]
"""Numbers of bars."""

MAX_CELLS = 8_000_000
MAX_COLUMNS = 64
ROUNDING = 1e-9
"""How far the positions of a bar may exceed the leverage: weights that add up to 1 rarely do exactly."""


class Unscorable(Exception):
    """Positions or prices that cannot be scored; the job has failed. Its text is for the program's author."""

    def __init__(self, bar: int | None, reason: str, *, time: int | None = None, remedy: str = "") -> None:
        self.bar, self.reason, self.remedy = bar, reason, remedy
        where = "" if bar is None else f" at bar {bar}" + ("" if time is None else f" ({stamp(time)})")
        super().__init__(f"The positions cannot be scored{where}: {reason}.{' ' if remedy else ''}{remedy}")


def has_times(times: Times) -> bool:
    """Whether these are times; data without them goes by the numbers of its rows."""
    return not 0 <= times[-1] < MAX_CELLS


def stamp(time: int) -> str:
    """A time for people; midnight is left out. Data without times goes by the numbers of its rows."""
    if 0 <= time < MAX_CELLS:
        return f"row {time}"
    text = str(np.datetime64(int(time), "ns").astype("datetime64[us]"))
    return text.removesuffix("T00:00:00.000000").removesuffix(".000000").replace("T", " ")


def across(values: Floats) -> Floats:
    """(bars,) sum over the datasets; of a single one its own values, as summing each alone is slow."""
    return values[:, 0] if values.shape[1] == 1 else np.asarray(values.sum(axis=1))


@lru_cache(maxsize=32)
def spread(bars: int, most: int) -> Picked:
    """At most so many of the bars, evenly spread, with the first and the last."""
    picked = np.unique(np.linspace(0, bars - 1, min(bars, most)).astype(np.int64))
    picked.flags.writeable = False
    return picked


@dataclass(frozen=True)
class Prices:
    """One dataset: `times` (bars,) ascending and unique; `close` and, if it has one, `open` (bars,)."""

    name: str
    times: Times
    close: Floats
    open: Floats | None = None

    def check(self, *, at_open: bool) -> None:
        """Raise `Unscorable` where there is no open price to fill at, or where unordered times show the future."""
        if not len(self.times):
            raise Unscorable(None, f"dataset {self.name!r} has no rows")
        if at_open and self.open is None:
            reason = f"dataset {self.name!r} has no open prices to fill at"
            raise Unscorable(None, reason, remedy="Fill at the close, or add the data with an open column.")
        what = f"the times of dataset {self.name!r}"
        _ascending(self.times, what, "Add it again with `--sort`, and `--drop-duplicates` where times come twice.")


@dataclass(frozen=True)
class Positions:
    """Target positions: `times` (bars,), `weights` (bars, datasets), fractions of equity."""

    times: Times
    weights: Floats

    @classmethod
    def from_bytes(cls, times: bytes, weights: bytes, columns: int) -> Positions:
        """Read what came out of a sandbox; `columns` is the number of datasets that the job has."""
        bars = len(times) // 8
        if not 1 <= columns <= MAX_COLUMNS or bars * columns > MAX_CELLS:
            raise Unscorable(None, f"{bars:,} bars of {columns} positions are more than {MAX_CELLS:,} in all")
        if len(times) != bars * 8 or len(weights) != bars * columns * 8:
            raise Unscorable(None, f"{len(weights):,} bytes of positions do not fit {bars:,} bars of {columns}")
        return cls(np.frombuffer(times, "<i8"), np.frombuffer(weights, "<f8").reshape(bars, columns))

    def on(self, bars: Times, *, warmup: int, leverage: float) -> Floats:
        """These positions (bars, datasets) on the bars of the data: flat in the warm-up and before the first one."""
        if not len(self.times):
            raise Unscorable(None, "there are none", remedy="Return one position for each bar of the data.")
        _ascending(self.times, "the times of the positions", "Return them on the index of the data, in its order.")
        start = int(np.searchsorted(bars, self.times[0]))
        self._check_aligned(bars, start)
        weights = np.zeros((len(bars), self.weights.shape[1]))
        weights[start:] += self.weights  # added, as -0.0 becomes 0.0 in this way
        weights[:warmup] = 0.0
        self._check_size(weights, bars, leverage)
        return weights

    def _check_aligned(self, bars: Times, start: int) -> None:
        expected = bars[start:]
        common = min(len(expected), len(self.times))
        wrong = np.flatnonzero(expected[:common] != self.times[:common])
        if not len(wrong) and len(expected) == len(self.times):
            return
        place = int(wrong[0]) if len(wrong) else common
        index = "data[…].index"
        remedy = f"Keep the index of the data: `positions.reindex({index}).ffill().fillna(0.0)`."
        if self.weights.shape[1] > 1:
            remedy = (
                "Return a row for each time that any of the datasets has: "
                f"`positions.reindex({index}.union({index})).ffill().fillna(0.0)`."
            )
        if place < len(expected) and (place >= len(self.times) or self.times[place] > expected[place]):
            raise Unscorable(start + place, "there is no position for this bar", time=expected[place], remedy=remedy)
        raise Unscorable(start + place, "the data has no bar at this time", time=self.times[place], remedy=remedy)

    @staticmethod
    def _check_size(weights: Floats, bars: Times, leverage: float) -> None:
        gross = across(np.abs(weights))
        if gross.max() <= leverage + ROUNDING:
            return
        wrong = np.flatnonzero(~(gross <= leverage + ROUNDING))
        bar = int(wrong[0])
        if np.isnan(weights[bar]).any():
            remedy = "Fill the gaps, for example with `.fillna(0.0)`, or set `warmup` to the bars that have none."
            raise Unscorable(bar, "the position is not a finite number", time=bars[bar], remedy=remedy)
        if np.isinf(weights[bar]).any():
            remedy = "Guard the division that it comes from, or limit it with `.clip(-1, 1)`."
            raise Unscorable(bar, "the position is infinite", time=bars[bar], remedy=remedy)
        reason = f"the absolute positions add up to {gross[bar]:.6g}, and at most {leverage:g} is allowed"
        remedy = "They are fractions of equity, not numbers of shares: scale them down, or raise the job's `leverage`."
        raise Unscorable(bar, reason, time=bars[bar], remedy=remedy)


def _ascending(times: Times, what: str, remedy: str) -> None:
    wrong = np.flatnonzero(times[1:] <= times[:-1])
    if len(wrong):
        bar = int(wrong[0]) + 1
        reason = f"{what} are not in ascending order without repetition, so bars may show the future"
        raise Unscorable(bar, reason, time=int(times[bar]), remedy=remedy)


@dataclass(frozen=True)
class Table:
    """Prices of all datasets on the union of their times, each array (bars, datasets).

    Where a dataset has no bar of its own, `trades` is False, and its prices are its last close.
    """

    names: tuple[str, ...]
    times: Times
    close: Floats
    fill: Floats
    trades: NDArray[np.bool_]
    moves: Floats
    """From a bar's fill price to the next bar's (for the last bar: to its close), as a fraction."""
    marks: Floats
    """From a bar's fill price to its close, as a fraction."""
    priced: NDArray[np.bool_] | None
    """False where a position cannot be valued; None where all can."""
    at_open: bool

    def since(self, bar: int) -> Table:
        """The same from this bar on."""
        if not bar:
            return self
        return replace(
            self,
            times=self.times[bar:],
            close=self.close[bar:],
            fill=self.fill[bar:],
            trades=self.trades[bar:],
            moves=self.moves[bar:],
            marks=self.marks[bar:],
            priced=None if self.priced is None else self.priced[bar:],
        )


def join(datasets: Sequence[Prices], *, at_open: bool) -> Table:
    """Put datasets on one time axis, with the prices at which fills happen."""
    for dataset in datasets:
        dataset.check(at_open=at_open)
    times = datasets[0].times
    if any(not np.array_equal(one.times, times) for one in datasets[1:]):
        times = np.unique(np.concatenate([one.times for one in datasets]))
    close = np.full((len(times), len(datasets)), np.nan)
    fill = close.copy()
    for column, one in enumerate(datasets):
        rows = np.searchsorted(times, one.times)
        close[rows, column] = one.close
        fill[rows, column] = one.open if at_open else one.close
    return _table(datasets, times, close, fill, at_open=at_open)


def _table(datasets: Sequence[Prices], times: Times, close: Floats, fill: Floats, *, at_open: bool) -> Table:
    trades = np.isfinite(close) & np.isfinite(fill)
    if not trades.all():
        own = np.where(trades, np.arange(len(times))[:, None], 0)
        close = np.take_along_axis(close, np.maximum.accumulate(own, axis=0), axis=0)
        fill = np.where(trades, fill, close)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        moves = np.vstack([fill[1:], close[-1:]]) / fill - 1.0
        marks = close / fill - 1.0
        usable = (fill > 0.0) & (close > 0.0)
    priced = usable & np.isfinite(moves) & np.isfinite(marks)
    priced[:-1] &= usable[1:]
    names = tuple(one.name for one in datasets)
    return Table(names, times, close, fill, trades, moves, marks, None if priced.all() else priced, at_open)
