"""The ways in which times are written, and the arithmetic from their parts to moments. Knows no files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import compute as pc

from windtunnel.datasets import shapes

_CLOCK = r"(?P<H>\d{1,2}):(?P<M>\d{2})(?::(?P<S>\d{2})(?:[.,](?P<f>\d{1,9})\d*)?)?\s?(?P<ap>[AaPp]\.?[Mm]\.?)?"
CLOCK = rf"(?:[T ,;:]+{_CLOCK})?"
ABBREVIATIONS = {"EST": -5, "EDT": -4, "PST": -8, "PDT": -7, "CET": 1, "CEST": 2, "JST": 9, "HKT": 8}
"""Those of zones that mean one offset in hours: CST may be Chicago or Shanghai, IST India, Ireland or Israel."""
ZONE = (
    rf"\s*(?P<z>Z|z|UTC|GMT|(?:GMT|UTC)?[+-]\d{{2}}:?\d{{2}}|{'|'.join(ABBREVIATIONS)}|[A-Z][A-Za-z]+(?:/[A-Z][A-Za-z_]+)+)?"
    r"(?:\s\([A-Za-z ]+\))?"
)
"""As an offset or a zone's name, such as `US/Eastern`. The last part, as in `GMT-0500 (Eastern Standard Time)`, is how
JavaScript writes a date."""
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = r"(?P<b>[A-Za-z]{3})[a-z]*\.?"


@dataclass(frozen=True)
class Form:
    """One way to write a time."""

    name: str
    regex: str
    """With the groups y m d (or a b: day and month in unknown order; or b: a month's name), H M S f ap and z."""


YEAR_FIRST = Form(
    "year-month-day",
    rf"^(?P<y>\d{{4}})[-/.年년]\s?(?P<m>\d{{1,2}})[-/.月월]\s?(?P<d>\d{{1,2}})[.日일]?{CLOCK}{ZONE}$",
)
COMPACT = Form(
    "YYYYMMDD",
    r"^(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})"
    r"(?:[T ;_-]*(?P<H>\d{2}):?(?P<M>\d{2})(?::?(?P<S>\d{2})(?:[.,]?(?P<f>\d{1,9}))?)?)?" + ZONE + "$",
)
NUMERIC = Form("day and month", rf"^(?P<a>\d{{1,2}})[-/.](?P<c>\d{{1,2}})[-/.](?P<y>\d{{4}}|\d{{2}}){CLOCK}{ZONE}$")
DAY_NAME = Form(
    "day month-name year",
    rf"^(?:[A-Za-z]+,?\s+)?(?P<d>\d{{1,2}})[-\s/]{_MONTH}[-\s,/]+(?P<y>\d{{4}}|\d{{2}}){CLOCK}{ZONE}$",
)
DAY_NAME_YEAR = Form(
    "DDMONYYYY", rf"^(?P<d>\d{{1,2}})(?P<b>(?i:{'|'.join(MONTHS)}))(?P<y>\d{{4}}|\d{{2}}){CLOCK}{ZONE}$"
)
NAME_DAY = Form(
    "month-name day year",
    rf"^(?:[A-Za-z]+,?\s+)?{_MONTH}[-\s](?P<d>\d{{1,2}})(?:st|nd|rd|th)?[-\s,]+(?P<y>\d{{4}}){CLOCK}{ZONE}$",
)
MONTH = Form("year-month", r"^(?P<y>\d{4})[-/M](?P<m>\d{2})$")
COMPACT_MONTH = Form("YYYYMM", r"^(?P<y>(?:1[89]|20)\d{2})(?P<m>0[1-9]|1[0-2])$")
QUARTER = Form("quarter", r"^(?P<y>\d{4})[- ]?[Qq](?P<q>[1-4])$")
QUARTER_FIRST = Form("quarter year", r"^[Qq](?P<q>[1-4])[- /]?(?P<y>\d{4})$")
CLOCK_ONLY = Form("time of day", rf"^{_CLOCK}$")
FORMS = (YEAR_FIRST, COMPACT, NUMERIC, DAY_NAME, DAY_NAME_YEAR, NAME_DAY, MONTH, COMPACT_MONTH, QUARTER, QUARTER_FIRST)
BARE = (COMPACT, COMPACT_MONTH)
"""Those that may as well be other numbers."""

DAY_NS = 86_400_000_000_000
YEARS = (1678, 2261)
"""What nanoseconds in 64 bits hold."""


@dataclass
class Parts:
    """The parts of each time as numbers; where the form did not match, `matched` is false and they are 0."""

    matched: Any
    fields: dict[str, Any]
    zones: Any
    """Offsets or zones' names as text, an Arrow array, or None."""

    def __getitem__(self, name: str) -> Any:
        return self.fields[name]


def share(form: Form, texts: Any) -> float:
    """Which share of some texts has this form."""
    if len(texts) == 0:
        return 0.0
    return float(pc.sum(pc.match_substring_regex(texts, form.regex)).as_py() or 0) / len(texts)


def parts(form: Form, texts: Any) -> Parts:
    """Take times apart."""
    return _parts_of_one_shape(form, texts) or _parts_of_any_shape(form, texts)


def _parts_of_one_shape(form: Form, texts: Any) -> Parts | None:
    found = shapes.uniform(texts)
    if found is None:
        return None
    first = re.match(form.regex, bytes(found[0]).decode("ascii"))
    if first is None or first.groupdict().get("ap") or first.groupdict().get("b"):
        return None
    fields = {}
    for name, text in first.groupdict().items():
        if text is None or name == "z":
            continue
        fields[name] = shapes.number(found, *first.span(name)) * (10 ** (9 - len(text)) if name == "f" else 1)
    zone = first.groupdict().get("z")
    zones = pc.utf8_slice_codeunits(texts, *first.span("z")) if zone else None
    if "y" in fields:
        fields = _complete(fields, np.full(len(found), len(first["y"]) == 2))
    return Parts(np.ones(len(found), bool), fields, zones)


def _parts_of_any_shape(form: Form, texts: Any) -> Parts:
    found = pc.extract_regex(texts, form.regex)
    matched = np.asarray(found.is_valid())
    names = [field.name for field in found.type]
    fields: dict[str, Any] = {}
    for name in names:
        part = pc.fill_null(pc.struct_field(found, name), "")
        if name == "z":
            continue
        if name == "b":
            fields["m"] = _months(part)
        elif name == "ap":
            fields["ap"] = np.asarray(pc.utf8_lower(pc.utf8_slice_codeunits(part, 0, 1)).cast(pa.string())).astype("U1")
        elif name == "f":
            fields["f"] = _numbers(pc.utf8_rpad(part, 9, "0"))
        else:
            fields[name] = _numbers(part)
    if "y" in names:
        short = np.asarray(pc.equal(pc.utf8_length(pc.fill_null(pc.struct_field(found, "y"), "")), 2))
        fields = _complete(fields, short)
    zones = pc.struct_field(found, "z") if "z" in names else None
    return Parts(matched, fields, zones)


def _complete(fields: dict[str, Any], short: Any) -> dict[str, Any]:
    """Years of two digits (`short`) in their century, a quarter's first month, a month's first day."""
    year = fields["y"]
    fields["y"] = np.where(short, np.where(year < 69, year + 2000, year + 1900), year)
    if "q" in fields:
        fields["m"] = fields["q"] * 3 - 2
    if "d" not in fields and "a" not in fields:
        fields["d"] = np.ones(len(year), "int64")
    return fields


def _numbers(texts: Any) -> Any:
    filled = pc.if_else(pc.equal(texts, ""), pa.scalar("0", texts.type), texts)
    return np.asarray(filled.cast(pa.int64()))


def _months(names: Any) -> Any:
    short = pc.utf8_slice_codeunits(pc.utf8_lower(names), 0, 3)
    place = pc.index_in(short, value_set=pa.array(MONTHS, type=short.type))
    return np.asarray(pc.fill_null(place, -1)).astype("int64") + 1


def dates(year: Any, month: Any, day: Any) -> tuple[Any, Any]:
    """Days since 1970, and which of them exist in the calendar and in range."""
    sound = (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31) & (year >= YEARS[0]) & (year <= YEARS[1])
    months = np.where(sound, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + np.where(sound, day - 1, 0).astype("timedelta64[D]")
    sound &= days.astype("datetime64[M]") == months
    return days.astype("int64"), sound


def clock(found: Parts) -> tuple[Any, Any]:
    """Nanoseconds since midnight, and which of them are times of day."""
    if "H" not in found.fields:
        return np.zeros(len(found.matched), "int64"), np.ones(len(found.matched), bool)
    hour, minute = found["H"], found["M"]
    second, fraction = found.fields.get("S", 0), found.fields.get("f", 0)
    end = (hour == 24) & (minute == 0) & (second == 0) & (fraction == 0)  # of the day, as ISO 8601 has it
    sound = ((hour < 24) & (minute < 60) & (second < 60)) | end
    if "ap" in found.fields:
        half = found["ap"]
        sound &= (half == "") | ((hour >= 1) & (hour <= 12))
        hour = np.where(half == "", hour, hour % 12 + np.where(half == "p", 12, 0))
    return ((hour * 60 + minute) * 60 + second) * 1_000_000_000 + fraction, sound


def zone_names(zones: Any) -> list[str]:
    """The zones that are stated by name rather than as an offset."""
    texts = [] if zones is None else pc.fill_null(zones, "").unique().to_pylist()
    return [text for text in texts if "/" in text]


def offsets(zones: Any) -> Any | None:
    """Minutes east of UTC for each time, None where none states an offset; NaN where one does not."""
    if zones is None:
        return None
    present = pc.and_(pc.is_valid(zones), pc.not_equal(pc.fill_null(zones, ""), ""))
    if not pc.any(present).as_py():
        return None
    coded = pc.fill_null(zones, "").dictionary_encode()
    minutes = np.array([_minutes(text) for text in coded.dictionary.to_pylist()], "float64")
    return minutes[np.asarray(coded.indices)]


def _minutes(text: str) -> float:
    if not text:
        return float("nan")
    if text in ABBREVIATIONS:
        return ABBREVIATIONS[text] * 60.0
    digits = text.upper().replace("UTC", "").replace("GMT", "").replace(":", "")
    if digits in ("", "Z"):
        return 0.0
    return (int(digits[1:3]) * 60 + int(digits[3:5])) * (-1.0 if digits[0] == "-" else 1.0)
