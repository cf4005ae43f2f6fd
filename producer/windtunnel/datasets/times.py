"""Reads the times of a table. What is uncertain is refused, with the option that settles it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import compute as pc

from windtunnel.contract.dataset import DataFinding
from windtunnel.datasets import timecolumns, timeforms, zones
from windtunnel.datasets.dayorder import day_first
from windtunnel.datasets.options import NO_TIMES, ReadOptions, is_zone
from windtunnel.datasets.refusal import counted, finding, places, refuse, shown
from windtunnel.datasets.words import is_missing

EXCEL_DAY_ZERO = 25_569
"""1970-01-01 as Excel counts days."""
UNITS = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}
PERIODS = {
    timeforms.MONTH: "months",
    timeforms.COMPACT_MONTH: "months",
    timeforms.QUARTER: "quarters",
    timeforms.QUARTER_FIRST: "quarters",
}


@dataclass
class Times:
    """The index of a table."""

    index: Any
    """A `DatetimeIndex`, NaT where a row has no time."""
    columns: tuple[int, ...]
    """Which columns it was made of."""
    findings: list[DataFinding] = field(default_factory=list)
    found: dict[str, str] = field(default_factory=dict)
    zone: str = ""
    dates_only: bool = False


def find(columns: list[Any], names: list[str], options: ReadOptions) -> Times | None:
    """The times of a table of strings; None if it has none. Raises `DataRefused` if they are uncertain."""
    if options.time_column == NO_TIMES and NO_TIMES not in names:
        return None
    chosen = timecolumns.choose(columns, names, options)
    parts = () if options.time_column else timecolumns.parted(columns, names)
    if not chosen and not parts:
        return None
    if parts and (not chosen or chosen[0] in parts):
        times, places = _Reader(_joined(columns, parts), _listed(names, parts), options), parts
    else:
        places = chosen[:1]
        times = _Reader(pc.utf8_trim_whitespace(columns[places[0]]), names[places[0]].strip(), options)
    if len(chosen) == 2:
        clocks = pc.utf8_trim_whitespace(columns[chosen[1]])
        return times.with_clock(clocks, names[chosen[1]].strip(), (*places, chosen[1]))
    return times.read(places)


def _joined(columns: list[Any], parts: tuple[int, ...]) -> Any:
    """Year, month and day as one text; the first day of a month where there are no days."""
    year, month, *day = (pc.utf8_trim_whitespace(columns[place]) for place in parts)
    month = pc.replace_substring_regex(month, "^M", "")
    return pc.binary_join_element_wise(year, month, *(day or [pa.scalar("1", year.type)]), pa.scalar("-", year.type))


def _listed(names: list[str], places: tuple[int, ...]) -> str:
    *first, last = (names[place].strip() for place in places)
    return f"{', '.join(first)} and {last}"


def _with_colons(clocks: Any, name: str) -> tuple[Any, bool]:
    """Times of day as `hh:mm` or `hh:mm:ss` where they are numbers, such as 930 or 93000; True if they count hours."""
    some = timecolumns.sample(clocks)
    if not timecolumns.numeric(some):
        return clocks, False
    if timecolumns.counts_hours(clocks, name):
        return pc.replace_substring_regex(clocks, "$", ":00"), True
    with_seconds = bool((timecolumns.values(some) > 2400).any())
    digits = pc.utf8_lpad(clocks, 6, "0") if with_seconds else pc.utf8_rpad(pc.utf8_lpad(clocks, 4, "0"), 6, "0")
    return pc.replace_substring_regex(digits, r"^(\d\d)(\d\d)(\d\d)$", r"\1:\2:\3"), False


def refuse_years(year: int, rows: Any, name: str) -> NoReturn:
    """Refuse times that nanoseconds in 64 bits do not hold; `year` is that of the first of these rows."""
    refuse(
        "implausible_times",
        f"{name} holds the year {year} in {places(rows)}; "
        f"years from {timeforms.YEARS[0]} to {timeforms.YEARS[1]} can be held",
        "Correct or remove those rows.",
        column=name,
        rows=rows,
    )


class _Reader:
    """Reads one column of times."""

    def __init__(self, texts: Any, name: str, options: ReadOptions) -> None:
        self._texts, self._name, self._options = texts, name, options
        self._findings: list[DataFinding] = []
        self._found: dict[str, str] = {}
        self._offsets: Any = None
        self._zone = ""
        self._missing = np.asarray(
            pc.is_in(
                texts, value_set=pa.array(["", "NaN", "nan", "NaT", "null", "None", "N/A", "NA", "-"], type=texts.type)
            )
        )

    def _note(self, kind: str, message: str, **more: Any) -> None:
        self._findings.append(finding(kind, message, column=self._name, **more))

    def read(self, columns: tuple[int, ...]) -> Times:
        if len(columns) > 1:
            self._findings.append(finding("date_and_time", f"{self._name} were read together as the time."))
        some = timecolumns.sample(self._texts)
        unit = self._options.time_unit
        if unit or (timecolumns.numeric(some) and not self._is_compact(some)):
            moments, dates_only = self._numbers(some, unit)
        else:
            moments, dates_only = self._texts_of_times(some)
        return self._times(moments, dates_only, columns)

    def with_clock(self, clocks: Any, name: str, columns: tuple[int, ...]) -> Times:
        """Dates and times of day in two columns."""
        days, _ = self._texts_of_times(timecolumns.sample(self._texts))
        clocks, hours = _with_colons(clocks, name)
        found = timeforms.parts(timeforms.CLOCK_ONLY, clocks)
        ns, sound = timeforms.clock(found)
        wrong = np.flatnonzero(~(sound & found.matched) & ~self._missing)
        if len(wrong):
            refuse(
                "unreadable_times",
                f"{counted(len(wrong), 'value')} of {name} cannot be read as a time of day, first "
                f"{shown(str(clocks[int(wrong[0])]))} in {places(wrong)}",
                "Correct them.",
                column=name,
                rows=wrong,
            )
        end = f": {name} counts hours, and 24 is the end of the day." if hours else "."
        self._note("date_and_time", f"{self._name} and {name} were read together as the time{end}")
        if len(columns) == 2:
            self._found["time_column"] = f"{self._name},{name}"
        return self._times(days + ns, False, columns)

    def _is_compact(self, some: Any) -> bool:
        if timecolumns.month(some):
            return True
        if timeforms.share(timeforms.COMPACT, some) < 0.9 or len(str(some[0])) not in (8, 12, 14, 17):
            return False
        found = timeforms.parts(timeforms.COMPACT, some)
        _, sound = timeforms.dates(found["y"], found["m"], found["d"])
        return bool((sound & timeforms.clock(found)[1] & (found["y"] >= 1900) & (found["y"] <= 2100)).mean() > 0.9)

    def _numbers(self, some: Any, unit: str | None) -> tuple[Any, bool]:
        if not timecolumns.numeric(some):
            refuse(
                "time_unit",
                f"{self._name} does not hold numbers but, for example, {shown(str(some[0]))}",
                "Leave out `--time-unit`.",
                column=self._name,
            )
        if unit is None and timecolumns.year(some):
            self._note("years", f"{self._name} holds years; each was read as its 1 January.")
            years = self._as_numbers().astype("int64")
            days, _ = timeforms.dates(years, np.ones_like(years), np.ones_like(years))
            return days * timeforms.DAY_NS, True
        values = self._as_numbers()
        self._check_one_unit(values)
        unit = unit or timecolumns.epoch(some)
        if unit is None:
            refuse(
                "time_unit",
                f"{self._name} holds numbers such as {shown(str(some[0]))}, whose unit is not clear",
                "Give their unit with `--time-unit excel`, `s`, `ms`, `us` or `ns`; "
                "or say that they are not times with `--time-column none`.",
                column=self._name,
            )
        if unit == "excel":
            ns = np.round((values.astype("float64") - EXCEL_DAY_ZERO) * 86_400_000).astype("int64") * 1_000_000
            what = "days as Excel counts them"
        else:
            ns = self._epoch_ns(values, unit)
            what = f"{UNITS[unit]} since 1970"
            self._refuse_rounded(ns, str(some[0]))
            self._offsets = np.zeros(len(ns))
        ns = np.where(self._missing, 0, ns)
        first = np.datetime64(int(ns[~self._missing][0]), "ns")
        if not self._options.time_unit:
            self._note("epoch", f"{self._name} counts {what}: {some[0]} is {str(first)[:19]}.")
        self._found["time_unit"] = unit
        return ns, bool((ns % timeforms.DAY_NS == 0).all())

    def _refuse_rounded(self, ns: Any, first: str) -> None:
        """Excel saves a large number as it shows it: 1.70956E+12 stands for hours of different times."""
        times = ns[~self._missing]
        if "e" in first.lower() and len(np.unique(times)) < len(times):
            refuse(
                "rounded_times",
                f"The times of {self._name} were rounded, e.g. {shown(first)}, and several are now the same",
                "Export the file again, with this column as whole numbers.",
                column=self._name,
            )

    def _check_one_unit(self, values: Any) -> None:
        """Vendors have gone from one unit to another inside a file."""
        units = timecolumns.epochs(values[~self._missing])
        other = np.flatnonzero(units != units[0])
        if not len(other) or bool((units < 0).any()):
            return
        rows = np.flatnonzero(~self._missing)[other]
        one, two = (list(UNITS.values())[units[place]] for place in (0, other[0]))
        refuse(
            "mixed_units",
            f"{self._name} counts {one} since 1970 at first, but {two} in {places(rows)}",
            f"Write them all in {one}, or name another column with the times in `--time-column`.",
            column=self._name,
            rows=rows,
        )

    def _as_numbers(self) -> Any:
        texts = pc.if_else(pa.array(self._missing), pa.scalar("0", self._texts.type), self._texts)
        try:
            return np.asarray(texts.cast(pa.int64()))
        except pa.ArrowInvalid:
            try:
                return np.asarray(texts.cast(pa.float64()))
            except pa.ArrowInvalid:
                wrong = np.flatnonzero(~np.asarray(pc.match_substring_regex(texts, r"^-?\d+(\.\d+)?([eE]\+?\d+)?$")))
                return self._refuse_unreadable(wrong)

    def _epoch_ns(self, values: Any, unit: str) -> Any:
        scale = 10**9 // timecolumns.EPOCHS[unit][1]
        if bool((np.abs(values.astype("float64")) * scale >= 9.2e18).any()):
            refuse(
                "implausible_times",
                f"{self._name} holds numbers that are far out of range as {unit} since 1970",
                "Say what they count with `--time-unit`.",
                column=self._name,
            )
        if values.dtype == np.int64:
            return values * scale
        whole = np.floor(values)
        return whole.astype("int64") * scale + np.round((values - whole) * scale, -3 if unit == "s" else 0).astype(
            "int64"
        )

    def _texts_of_times(self, some: Any) -> tuple[Any, bool]:
        form = max(timeforms.FORMS, key=lambda form: timeforms.share(form, some))
        if timeforms.share(form, some) == 0:
            refuse(
                "unreadable_times",
                f"{self._name} cannot be read as times; it holds, for example, "
                f"{shown(str(some[0]) if len(some) else '')}",
                "Name the column with the times in `--time-column`, or `none`.",
                column=self._name,
            )
        found = timeforms.parts(form, self._texts)
        self._check(np.flatnonzero(~found.matched & ~self._missing))
        if form is timeforms.NUMERIC:
            day, month = self._day_and_month(found)
        else:
            day, month = found["d"], found["m"]
        self._check_years(found["y"])
        days, sound = timeforms.dates(found["y"], month, day)
        ns, clock_sound = timeforms.clock(found)
        self._check(np.flatnonzero(~(sound & clock_sound) & ~self._missing))
        if form is timeforms.COMPACT:
            self._note("yyyymmdd", f"{self._name} was read as YYYYMMDD.")
        if form in PERIODS:
            self._note("periods", f"{self._name} holds {PERIODS[form]}; each was read as its first day.")
        self._take_zones(found.zones)
        return days * timeforms.DAY_NS + ns, "H" not in found.fields or bool((ns == 0).all())

    def _take_zones(self, texts: Any) -> None:
        """What the times say of their zone: an offset each, or the name of one zone in all of them."""
        names = timeforms.zone_names(texts)
        if not names:
            self._offsets = timeforms.offsets(texts)
            return
        stated = np.asarray(pc.equal(pc.fill_null(texts, ""), names[0]))
        others = np.flatnonzero(~stated & ~self._missing)
        if len(others) or not is_zone(names[0]):
            refuse(
                "zone_names",
                f"{self._name} names the zone {shown(names[0])}, "
                + (f"but not in {places(others)}" if len(others) else "which is not known"),
                "Export the times in UTC, or without a zone and give it with `--tz`.",
                column=self._name,
                rows=others,
            )
        self._zone = names[0]

    def _check_years(self, years: Any) -> None:
        wrong = np.flatnonzero(((years < timeforms.YEARS[0]) | (years > timeforms.YEARS[1])) & ~self._missing)
        if len(wrong):
            refuse_years(int(years[wrong[0]]), wrong, self._name)

    def _check(self, wrong: Any) -> None:
        if len(wrong):
            self._refuse_unreadable(wrong)

    def _refuse_unreadable(self, wrong: Any) -> Any:
        text = str(self._texts[int(wrong[0])])
        remedy = "Correct or remove those rows."
        if is_missing(text):
            remedy = "Correct or remove those rows; a row must have a time."
        return refuse(
            "unreadable_times",
            f"{counted(len(wrong), 'value')} of {self._name} cannot be read as a time, "
            f"first {shown(text)} in {places(wrong)}",
            remedy,
            column=self._name,
            rows=wrong,
        )

    def _day_and_month(self, found: timeforms.Parts) -> tuple[Any, Any]:
        first, note = day_first(found, self._texts, self._name, self._options.dayfirst)
        if note is not None:
            self._findings.append(note)
        self._found["dayfirst"] = "yes" if first else "no"
        return (found["a"], found["c"]) if first else (found["c"], found["a"])

    def _times(self, ns: Any, dates_only: bool, columns: tuple[int, ...]) -> Times:
        index = zones.apply(ns, self._missing, self._offsets, dates_only, self._name, self._zone or self._options.tz)
        if self._zone and self._options.tz and index.tz is not None:
            index = index.tz_convert(self._options.tz)
        if bool(self._missing.any()):
            rows = np.flatnonzero(self._missing)
            text = f"{counted(len(rows), 'row')} without a time: {places(rows)}."
            self._note("missing_times", text, rows=rows)
        zone = self._options.tz or zones.name_of(index)
        return Times(pd.DatetimeIndex(index), columns, self._findings, self._found, zone, dates_only)
