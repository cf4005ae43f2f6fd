"""Bars a year, counted from the times, and what is missing from the calendar that the times themselves show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from windtunnel.contract.dataset import DataFinding
from windtunnel.datasets.refusal import counted, finding

DAY_NS = 86_400_000_000_000
YEAR_DAYS = 365.25
STOCK_SESSIONS = 252
GAP_SESSIONS = 4
"""So many missing sessions in a row are a gap; holidays take fewer."""


@dataclass(frozen=True)
class Year:
    """How many bars a year has."""

    bars: float | None
    how: str


@dataclass(frozen=True)
class _Calendar:
    """What the times show: which days have bars, and how many."""

    days: Any
    """Days since 1970 with bars, ascending."""
    counts: Any
    """Bars of each day."""
    weekdays: frozenset[int]
    """0 Monday … 6 Sunday: those that regularly have bars."""
    partial: frozenset[int]
    """Of them those with far fewer bars, such as a Sunday evening."""
    step_ns: int


def nanoseconds(index: Any) -> Any:
    """Since 1970, whatever the index itself counts: Parquet files also hold seconds, milli- and microseconds."""
    return index.as_unit("ns").asi8


def _calendar(index: Any) -> _Calendar:
    local = index.tz_localize(None) if index.tz is not None else index
    stamps = _distinct(nanoseconds(local))
    by_bar = stamps // DAY_NS
    starts = np.flatnonzero(np.diff(by_bar, prepend=by_bar[0] - 1))
    days, counts = by_bar[starts], np.diff(np.append(starts, len(by_bar)))
    weekday = (days + 3) % 7
    span = np.arange(days[0], days[-1] + 1) if days[-1] - days[0] < 200_000 else days
    expected = np.bincount((span + 3) % 7, minlength=7)
    present = np.bincount(weekday, minlength=7)
    rate = present / np.maximum(expected, 1)
    top = np.sort(rate)[-5:].mean() if len(days) > 1 else 1.0
    regular = {day for day in range(7) if rate[day] > 0.5 * top}
    if days[-1] - days[0] < 28:  # too short to show habits: the whole week, or its five working days
        weekend = [day for day in (5, 6) if expected[day]]
        whole = bool(weekend) and all(present[day] == expected[day] for day in weekend)
        regular = set(range(7)) if whole else set(range(5))
    usual = float(np.median(counts))
    partial = {day for day in regular if present[day] and float(np.median(counts[weekday == day])) < 0.5 * usual}
    return _Calendar(days, counts, frozenset(regular), frozenset(partial), _lower_median(np.diff(stamps)))


def _distinct(stamps: Any) -> Any:
    """Sorted, each once."""
    ahead = np.diff(stamps) > 0
    if not bool(ahead.all()):
        stamps = np.sort(stamps)
        stamps = stamps[np.diff(stamps, prepend=stamps[0] - 1) > 0]
    return stamps


def _lower_median(steps: Any) -> int:
    """Of Thursday, Friday, Monday the usual step is a day, not two."""
    return int(np.sort(steps)[(len(steps) - 1) // 2]) if len(steps) else 0


def a_year(index: Any) -> Year:
    """Bars a year, from sorted or unsorted times without NaT."""
    if len(index) == 0:
        return Year(None, "no row has a time")
    moments = len(_distinct(index.asi8))
    if moments < 2:
        return Year(None, "one time is not enough to count")
    calendar = _calendar(index)
    step_days = calendar.step_ns / DAY_NS
    if step_days >= 4:
        return Year(float(max(1, round(YEAR_DAYS / step_days))), f"counted: a bar every {step_days:g} days")
    if float(np.median(calendar.counts)) <= 1 and step_days > 1.5:
        span = max(1, int(calendar.days[-1] - calendar.days[0]))
        return Year(float(round((moments - 1) * YEAR_DAYS / span)), f"counted: {moments:,} bars in {span:,} days")
    sessions, sessions_how = _sessions(calendar)
    bars, bars_how = _bars_a_session(calendar)
    if bars == 1:
        return Year(float(sessions), f"counted: one bar a session, {sessions_how}")
    return Year(float(round(sessions * bars)), f"counted: {sessions_how} of {bars_how}")


def _sessions(calendar: _Calendar) -> tuple[int, str]:
    full = calendar.weekdays - calendar.partial
    if len(full) == 7:
        return 365, "365 sessions (every day of the week)"
    span = int(calendar.days[-1] - calendar.days[0])
    counted_year = len(calendar.days) * YEAR_DAYS / max(1, span)
    if len(full) in (5, 6) and span < 2 * YEAR_DAYS:
        return (
            (STOCK_SESSIONS, f"{STOCK_SESSIONS} sessions (five days a week)")
            if len(full) == 5
            else (313, "313 sessions (six days a week)")
        )
    if len(full) == 5 and 248 <= counted_year * len(full) / len(calendar.weekdays) <= 262:
        return STOCK_SESSIONS, f"{STOCK_SESSIONS} sessions (five days a week)"
    if span < YEAR_DAYS:
        return len(full) * 52, f"{len(full) * 52} sessions ({counted(len(full), 'day')} a week)"
    regular = int(np.isin((calendar.days + 3) % 7, sorted(full)).sum())
    sessions = round(regular * YEAR_DAYS / span)
    return sessions, f"{sessions} sessions ({regular:,} in {span:,} days)"


def _bars_a_session(calendar: _Calendar) -> tuple[float, str]:
    weekday = (calendar.days + 3) % 7
    if calendar.partial:
        weeks = (calendar.days + 3) // 7
        totals = np.bincount(weeks - weeks[0], weights=calendar.counts)
        full = len(calendar.weekdays - calendar.partial)
        each = float(np.median(totals[totals > 0])) / max(1, full)
        return round(each, 2), f"{each:g} bars ({each * full:g} a week)"
    counts = calendar.counts[np.isin(weekday, sorted(calendar.weekdays))] if calendar.weekdays else calendar.counts
    counts = counts[1:-1] if len(counts) > 4 else counts
    numbers, often = np.unique(counts, return_counts=True)
    usual = int(numbers[often.argmax()])
    if often.max() < 0.5 * len(counts):
        mean = float(np.median(counts))
        return mean, f"{mean:g} bars (the median; they vary from {numbers[0]} to {numbers[-1]})"
    return usual, counted(usual, "bar")


def find(index: Any) -> list[DataFinding]:
    """Weekend rows, gaps and short sessions."""
    seen = index[~index.isna()]
    if len(seen) == 0 or len(_distinct(seen.asi8)) < 3:
        return []
    calendar = _calendar(seen)
    if calendar.step_ns >= 4 * DAY_NS:
        return _long_steps(calendar)
    return [*_weekend(index, calendar), *_gaps(calendar), *_short_sessions(calendar)]


def _date(day: Any) -> str:
    return str(np.datetime64(int(day), "D"))


def _long_steps(calendar: _Calendar) -> list[DataFinding]:
    steps = np.diff(calendar.days)
    wide = np.flatnonzero(steps > 1.8 * np.median(steps))
    if not len(wide):
        return []
    first = int(wide[steps[wide].argmax()])
    return [
        finding(
            "gap",
            f"{counted(len(wide), 'gap')}; the longest from "
            f"{_date(calendar.days[first])} to {_date(calendar.days[first + 1])}.",
            count=len(wide),
        )
    ]


def _weekend(index: Any, calendar: _Calendar) -> list[DataFinding]:
    odd = frozenset(range(7)) - calendar.weekdays
    weekday = index.weekday
    rows = np.flatnonzero(np.isin(weekday, sorted(odd & {5, 6})))
    if not len(rows) or len(calendar.weekdays) < 2:
        return []
    first = index[int(rows[0])]
    more = f", one of {len(rows):,} such rows" if len(rows) > 1 else ""
    return [finding("weekend_rows", f"{first.date()} is a {first.day_name()} among weekdays{more}.", rows=rows)]


def _gaps(calendar: _Calendar) -> list[DataFinding]:
    if calendar.days[-1] - calendar.days[0] > 200_000 or not calendar.weekdays:
        return []
    span = np.arange(calendar.days[0], calendar.days[-1] + 1)
    sessions = span[np.isin((span + 3) % 7, sorted(calendar.weekdays - calendar.partial or calendar.weekdays))]
    missing = sessions[~np.isin(sessions, calendar.days)]
    least = 1 if len(calendar.weekdays) == 7 else GAP_SESSIONS
    if not len(missing):
        return []
    places = np.searchsorted(sessions, missing)
    starts = np.flatnonzero(np.diff(places, prepend=-2) > 1)
    lengths = np.diff(np.append(starts, len(missing)))
    long = np.flatnonzero(lengths >= least)
    if not len(long):
        return []
    widest = int(long[lengths[long].argmax()])
    start, length = int(starts[widest]), int(lengths[widest])
    what = (
        f"no rows from {_date(missing[start])} to {_date(missing[start + length - 1])} ({counted(length, 'session')})"
    )
    return [
        finding(
            "gap", f"{counted(len(long), 'gap')}: {'the longest, ' if len(long) > 1 else ''}{what}.", count=len(long)
        )
    ]


def _short_sessions(calendar: _Calendar) -> list[DataFinding]:
    usual, _ = _bars_a_session(calendar)
    if usual <= 1 or calendar.partial:
        return []
    inner = calendar.counts[1:-1]
    short = np.flatnonzero(inner < usual) + 1
    if not len(short) or len(short) > 0.5 * len(calendar.counts):
        return []
    day = int(short[0])
    return [
        finding(
            "short_sessions",
            f"{counted(len(short), 'session')} of {len(calendar.days):,} with fewer than {usual:g} bars, "
            f"first {_date(calendar.days[day])} with {int(calendar.counts[day])}.",
            count=len(short),
        )
    ]
