"""Which columns hold the times: found by their first values, their names and their places, or named by the user."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import compute as pc

from windtunnel.datasets import timeforms
from windtunnel.datasets.options import ReadOptions
from windtunnel.datasets.refusal import named, refuse
from windtunnel.datasets.words import is_plain_time_name, is_time_name

SAMPLE = 2000
PLACES = 12
"""Among so many first columns times are looked for."""
EPOCHS = {"s": (10, 1), "ms": (13, 10**3), "us": (16, 10**6), "ns": (19, 10**9)}
"""Unit → digits of such a number today, and how many make a second."""
PARTS = (("year", "jahr"), ("month", "monat", "period"), ("day", "tag"))
"""What the columns are called where a date is written in several; the US labour office has months in `Period`."""
HOUR_NAMES = ("hour", "hour ending", "stunde")
CLOCK_ONLY = r"^\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?(\s?[AaPp][Mm])?$|^\d{1,6}$"


def choose(columns: list[Any], names: list[str], options: ReadOptions) -> tuple[int, ...]:
    """The places of the column with the times, or of those with the dates and the times of day; none without times."""
    stripped = [name.strip() for name in names]
    if options.time_column:
        wanted = [options.time_column] if options.time_column in stripped else options.time_column.split(",")
        missing = [name for name in wanted if name.strip() not in stripped]
        if missing or len(wanted) > 2:
            refuse(
                "time_column",
                f"There is no column {named(missing or wanted)}; there are {named(stripped, 20)}",
                "Name the column with the times in `--time-column`.",
            )
        return tuple(stripped.index(name.strip()) for name in wanted)
    first = next(
        (
            place
            for place in range(min(len(names), PLACES))
            if holds_times(columns[place], stripped[place], place, options)
        ),
        None,
    )
    if first is None:
        return ()
    clock = next(
        (
            place
            for place in range(min(len(names), PLACES))
            if place != first and _holds_clock(columns[place], stripped[place])
        ),
        None,
    )
    return (first,) if clock is None or _has_clock(columns[first]) else (first, clock)


def parted(columns: list[Any], names: list[str]) -> tuple[int, ...]:
    """The places of the year, the month and, if there is one, the day, where each is a column; otherwise none."""
    plain = [name.strip().lower() for name in names[:PLACES]]
    found = [next((plain.index(name) for name in part if name in plain), None) for part in PARTS]
    places = tuple(place for place in found if place is not None)
    if found[0] is None or found[1] is None or not year(sample(columns[found[0]])):
        return ()
    small = timeforms.Form("", r"^M?\d{1,2}$")
    return places if all(timeforms.share(small, sample(columns[place])) == 1.0 for place in places[1:]) else ()


def counts_hours(texts: Any, name: str) -> bool:
    """Whether a column of numbers counts the hours of the day rather than being a clock reading such as 930."""
    return name.strip("<>").lower() in HOUR_NAMES and bool((values(sample(texts)) < 100).all())


def sample(texts: Any) -> Any:
    """The first values that are there."""
    some = pc.utf8_trim_whitespace(texts.slice(0, SAMPLE))
    return some.filter(pc.invert(pc.is_in(some, value_set=pa.array(["", "NaN", "nan", "NaT", "null"], type=some.type))))


def holds_times(texts: Any, name: str, place: int, options: ReadOptions) -> bool:
    """Whether a column of strings holds times, by its first values, its name and its place."""
    some = sample(texts)
    if len(some) == 0 or (place and not options.time_column and not is_plain_time_name(name)):
        return False
    if sum(timeforms.share(form, some) for form in timeforms.FORMS if form not in timeforms.BARE) > 0.5:
        return True
    named_so = is_time_name(name)
    if timeforms.share(timeforms.COMPACT, some) > 0.5:
        found = timeforms.parts(timeforms.COMPACT, some)
        _, sound = timeforms.dates(found["y"], found["m"], found["d"])
        plausible = sound & (found["y"] >= 1900) & (found["y"] <= 2100)
        if bool(plausible.mean() > 0.5) and (named_so or place == 0):
            return True
    if not numeric(some):
        return False
    if options.time_unit:
        return named_so or place == 0
    return (named_so or (place == 0 and not name)) and _count_time(some, named=named_so)


def _count_time(some: Any, *, named: bool) -> bool:
    """Whether some numbers are moments, months, or in a column named so also days of Excel or years."""
    if not named:
        return epoch(some) is not None or month(some)
    return bool((epochs(values(some)) >= 0).all()) or excel(some) or year(some) or month(some)


def numeric(some: Any) -> bool:
    """Whether all of some texts are numbers."""
    return timeforms.share(timeforms.Form("", r"^-?\d+(\.\d+)?([eE]\+?\d+)?$"), some) == 1.0


def values(texts: Any) -> Any:
    """Texts as numbers."""
    return np.asarray(texts.cast(pa.float64()))


def epoch(some: Any) -> str | None:
    """The unit in which some numbers count from 1970, if they are moments of our time."""
    found = np.unique(epochs(values(some)))
    return list(EPOCHS)[int(found[0])] if len(found) == 1 and found[0] >= 0 else None


def epochs(numbers: Any) -> Any:
    """Of each number the place in `EPOCHS` of the unit in which it is a moment of our time; -1 where it is none."""
    found = np.full(len(numbers), -1)
    for place, (digits, _) in enumerate(EPOCHS.values()):
        found[(numbers >= 0.9 * 10 ** (digits - 2)) & (numbers < 4.5 * 10 ** (digits - 1))] = place
    return found


def excel(some: Any) -> bool:
    """Whether some numbers may be days as Excel counts them."""
    found = values(some)
    return bool(((found > 20_000) & (found < 80_000)).all())


def year(some: Any) -> bool:
    """Whether some texts are years."""
    return timeforms.share(timeforms.Form("", r"^(1[6-9]|20|21)\d\d$"), some) == 1.0


def month(some: Any) -> bool:
    """Whether all of some texts are months, YYYYMM."""
    return timeforms.share(timeforms.COMPACT_MONTH, some) == 1.0


def _holds_clock(texts: Any, name: str) -> bool:
    some = sample(texts)
    if len(some) == 0 or timeforms.share(timeforms.Form("", CLOCK_ONLY), some) < 1.0:
        return False
    if ":" in str(some[0].as_py()):
        return True
    plain = re.sub(r"[<>]", "", name).lower()
    return plain in ("time", "zeit", "uhrzeit", "hhmmss", *HOUR_NAMES) and bool((values(some) < 240_000).all())


def _has_clock(texts: Any) -> bool:
    return timeforms.share(timeforms.Form("", r"\d:\d\d|^\d{12,}|^\d{10}$|^\d{8}[T ]"), sample(texts)) > 0.5
