"""The prices that positions are scored on, and what follows from them alone: worked out once for many jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from windtunnel.contract.score import Metrics
from windtunnel_worker.scoring.fills import buy_and_hold, check_size, returns_of, revived
from windtunnel_worker.scoring.inputs import (
    Floats,
    Picked,
    Prices,
    Table,
    Times,
    Unscorable,
    has_times,
    join,
    spread,
    stamp,
)
from windtunnel_worker.scoring.metrics import metrics

CURVE_POINTS = 300
WINDOWS_KEPT = 4
NS = 1_000_000_000


class Terms(NamedTuple):
    """What the market's own course depends on, of all that a job says about its scoring."""

    at_open: bool
    """Fills happen at each bar's open instead of its close."""
    warmup: int
    rate: float
    """The share of equity that a change of positions by 1 costs."""
    bars_a_year: float | None


@dataclass(frozen=True)
class Window:
    """The bars that count, and what buying and holding came to there."""

    table: Table
    at_close: Table
    bought: Floats
    """(bars,) equity of buying and holding."""
    returns: Floats
    """(bars,) of `bought`."""
    benchmark: Metrics
    no_benchmark: str
    """Why buying and holding has no figures; empty where it has."""
    months: tuple[str, ...]
    """The calendar months, as `2024-02`."""
    month_ends: Picked
    """The last bar of each."""
    picked: Picked
    """The bars that a curve shows."""
    picked_times: tuple[int, ...]
    """Of these, in seconds since 1970."""
    picked_bought: tuple[float, ...]


@dataclass(frozen=True)
class Market:
    """The prices that a job's positions are scored on, in the order of the positions' columns."""

    datasets: Sequence[Prices]
    bars_a_year: float | None
    """As the catalogue counted it from the datasets' times."""
    bars_how: str = "counted from the dataset's times"
    _windows: dict[Terms, Window] = field(default_factory=dict, repr=False)

    @cached_property
    def at_close(self) -> Table:
        """Fills happen at each bar's close."""
        return join(self.datasets, at_open=False)

    @cached_property
    def at_open(self) -> Table:
        """Fills happen at each bar's open."""
        return join(self.datasets, at_open=True)

    def window(self, terms: Terms) -> Window:
        """The bars after the warm-up. Raises `Unscorable` where these prices do not allow it."""
        if terms not in self._windows:
            found = self._window(terms)
            if len(self._windows) >= WINDOWS_KEPT:
                self._windows.clear()
            self._windows[terms] = found
        return self._windows[terms]

    def _window(self, terms: Terms) -> Window:
        table = self.at_open if terms.at_open else self.at_close
        bars = len(table.times)
        if terms.warmup >= bars:
            raise Unscorable(None, f"a warm-up of {terms.warmup:,} bars leaves none of {bars:,}")
        table = table.since(terms.warmup)
        bought = buy_and_hold(table, rate=terms.rate)
        returns = returns_of(bought)
        check_size(bought, returns, table.times, "buy and hold")
        reason = _no_benchmark(table)
        picked = spread(len(bought), CURVE_POINTS)
        months, month_ends = _months(table.times)
        return Window(
            table=table,
            at_close=self.at_close.since(terms.warmup),
            bought=bought,
            returns=returns,
            benchmark=Metrics() if reason else metrics(bought, returns, terms.bars_a_year, {}),
            no_benchmark=reason,
            months=months,
            month_ends=month_ends,
            picked=picked,
            picked_times=tuple((table.times[picked] // (NS if has_times(table.times) else 1)).tolist()),
            picked_bought=tuple(np.round(bought[picked], 6).tolist()),
        )


def _no_benchmark(table: Table) -> str:
    place = revived(table)
    if place is None:
        return ""
    bar, column = place
    return f"{table.names[column]} has no price above 0 at {stamp(int(table.times[bar]))}"


def _months(times: Times) -> tuple[tuple[str, ...], Picked]:
    """The calendar months of these times, and the last bar of each."""
    if not has_times(times):
        return (), np.empty(0, np.int64)
    months = times.astype("datetime64[ns]").astype("datetime64[M]")
    ends = np.append(np.flatnonzero(months[1:] != months[:-1]), len(months) - 1)
    return tuple(months[ends].astype(str).tolist()), ends
