"""From target positions to an equity curve: when positions are taken, at what price, and what that costs.

A position decided on bar t is taken at the fill price of bar t + lag and held until the next fill price: as a fraction
of equity, so it is brought back to its target at each fill price, at no cost. Each change of positions multiplies
equity by `1 - rate * |change|`. Equity is 1 before the first bar and is valued at each bar's close.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from windtunnel_worker.scoring.inputs import Floats, Table, Times, Unscorable, across

LARGEST = 1e50
"""More than that, as equity or as the return of a bar, comes from broken prices, and overflows further on."""
TINY = 1e-12
"""Smaller changes of a position come from rounding and are not counted as fills."""


@dataclass(frozen=True)
class Path:
    """What came of the positions, bar by bar."""

    held: Floats
    """(bars, datasets) positions after each bar's fill."""
    traded: Floats
    """(bars, datasets) changes of positions at each bar's fill."""
    gains: Floats
    """(bars, datasets) what each position gained from its bar's fill price to the next, before costs."""
    last: Floats
    """(bars, datasets) what each position gained from its bar's fill price to the bar's close."""
    marked: Floats
    """(bars,) equity at each bar's close by that at its fill."""
    turnover: Floats
    """(bars,) sum of the absolute changes of positions."""

    def equities(self, *rates: float) -> Floats:
        """(rates, bars) equity at each bar's close, when each change of positions costs such a share of it."""
        growth = np.concatenate(([1.0], 1.0 + across(self.gains[:-1])))
        costs = 1.0 - np.multiply.outer(rates, self.turnover)
        with np.errstate(over="ignore", invalid="ignore"):
            after_fill = np.cumprod(np.maximum(growth, 0.0) * np.maximum(costs, 0.0), axis=1)
            found = after_fill * np.maximum(self.marked, 0.0)
        for equity in found:
            equity[_ruin(equity) :] = 0.0
        return np.asarray(found)

    def until_ruin(self, equity: Floats) -> Path:
        """The same without what would have followed the bar on which equity reached 0: nothing is left to hold."""
        bar = _ruin(equity)
        if bar == len(equity):
            return self
        alive = (np.arange(len(equity)) <= bar)[:, None]
        gains = np.where(alive, self.gains, 0.0)
        gains[bar] = self.last[bar]
        return replace(
            self,
            held=np.where(alive, self.held, 0.0),
            traded=np.where(alive, self.traded, 0.0),
            gains=gains,
            turnover=np.where(alive[:, 0], self.turnover, 0.0),
        )


def _ruin(equity: Floats) -> int:
    """The first bar at which nothing is left; the number of bars if there is none."""
    gone = equity <= 0.0
    return int(gone.argmax()) if gone.any() else len(equity)


def returns_of(equity: Floats) -> Floats:
    """(bars,) the change of equity over each bar, as a fraction; 0 after equity has reached 0."""
    before = np.concatenate(([1.0], equity[:-1]))
    with np.errstate(over="ignore", invalid="ignore"):
        if before.min() > 0.0:
            return np.asarray(equity / before - 1.0)
        return np.divide(equity, before, out=np.ones_like(before), where=before > 0) - 1.0


def check_size(equity: Floats, returns: Floats, times: Times, whose: str) -> None:
    """Raise `Unscorable` at the first bar at which equity or its return is too large to calculate with."""
    large = ~((equity <= LARGEST) & (returns <= LARGEST))
    if large.any():
        bar = int(large.argmax())
        reason = f"{whose} grows more than {LARGEST:g}-fold, which no market allows"
        raise Unscorable(bar, reason, time=int(times[bar]), remedy="Correct the prices, or take smaller positions.")


def follow(table: Table, targets: Floats, *, lag: int = 1) -> Path:
    """Take these positions (bars, datasets), each `lag` bars after the bar on which it was decided."""
    held = _held(table, targets, lag)
    traded = held.copy()
    traded[1:] -= held[:-1]
    _check_priced(table, held)
    with np.errstate(invalid="ignore"):  # of prices that are not above 0, and there nothing is held
        gains = np.where(held != 0.0, held * table.moves, 0.0)
        last = np.where(held != 0.0, held * table.marks, 0.0) if table.at_open else np.zeros_like(held)
    return Path(held, traded, gains, last, 1.0 + across(last), across(np.abs(traded)))


def _held(table: Table, targets: Floats, lag: int) -> Floats:
    """Positions after each bar's fill; a dataset without a bar of its own keeps its position until it has one."""
    held = np.zeros_like(targets)
    held[lag:] = targets[: len(targets) - lag]
    if table.trades.all():
        return held
    own = np.where(table.trades, np.arange(1, len(held) + 1)[:, None], 0)
    taken = np.maximum.accumulate(own, axis=0)
    return np.take_along_axis(np.vstack([np.zeros((1, held.shape[1])), held]), taken, axis=0)


def _check_priced(table: Table, held: Floats) -> None:
    if table.priced is None or not (wrong := ~table.priced & (held != 0.0)).any():
        return
    bar, column = (int(place[0]) for place in np.nonzero(wrong))
    if bar + 1 < len(held) and 0.0 < table.fill[bar, column] < np.inf and 0.0 < table.close[bar, column] < np.inf:
        bar += 1  # the position is held until then, and that price is the one that is wrong
    reason = f"a position is held in {table.names[column]!r}, which has no price above 0 there"
    raise Unscorable(bar, reason, time=int(table.times[bar]))


def revived(table: Table) -> tuple[int, int] | None:
    """The first (bar, dataset) without a price above 0 from which the price rises again after it could be bought.

    What is worth nothing returns no multiple of it, so that buying and holding has no figures there.
    """
    worthless = table.close <= 0.0
    if not worthless.any():
        return None
    worthless &= np.maximum.accumulate(table.trades & (table.fill > 0.0), axis=0)
    later = np.maximum.accumulate((table.close > 0.0)[::-1], axis=0)[::-1]
    bars, columns = np.nonzero(worthless & later)
    return (int(bars[0]), int(columns[0])) if len(bars) else None


def buy_and_hold(table: Table, *, rate: float) -> Floats:
    """(bars,) equity of equal parts in all datasets, each bought at its first fill from the second bar on."""
    parts = np.ones_like(table.close)
    for column in range(parts.shape[1]):
        usable = table.trades[1:, column] & (table.fill[1:, column] > 0.0)
        if usable.any():
            bought = int(np.argmax(usable)) + 1
            with np.errstate(over="ignore"):
                parts[bought:, column] = (1.0 - rate) * table.close[bought:, column] / table.fill[bought, column]
    return np.asarray(np.maximum(parts.mean(axis=1), 0.0))
