"""From clock readings and offsets to an index: naive, in a fixed offset, or in a named zone."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import Any

import numpy as np
import pandas as pd

from windtunnel.datasets.refusal import counted, places, refuse

USUAL = (
    "America/New_York",
    "America/Chicago",
    "Europe/London",
    "Europe/Berlin",
    "Australia/Sydney",
    "America/Los_Angeles",
)


def apply(
    ns: Any,
    missing: Any,
    offsets: Any,
    dates_only: bool,
    name: str,
    tz: str | None,
) -> Any:
    """The index of some clock readings (nanoseconds) with their offsets (minutes; None where none are stated).

    `tz` is the zone of readings without offsets, or the one in which to state those that have them.
    """
    local = pd.DatetimeIndex(np.where(missing, np.datetime64("NaT"), ns.astype("datetime64[ns]")))
    if offsets is None:
        return localized(local, dates_only, name, tz)
    unstated = np.flatnonzero(np.isnan(offsets) & ~missing)
    if len(unstated):
        refuse(
            "mixed_offsets",
            f"{counted(len(unstated), 'time')} of {name} without a UTC offset among others with one, "
            f"first in {places(unstated)}",
            "State the offset in every row or in none.",
            column=name,
            rows=unstated,
        )
    different = np.unique(offsets[~missing])
    utc = (local - pd.to_timedelta(np.nan_to_num(offsets), unit="m")).tz_localize("UTC")
    if tz:
        return utc.tz_convert(tz)
    if len(different) == 1:
        minutes = int(different[0])
        return utc if minutes == 0 else utc.tz_convert(timezone(timedelta(minutes=minutes)))
    return _refuse_mixed(utc, offsets, different, name)


def localized(local: Any, dates_only: bool, name: str, tz: str | None) -> Any:
    """The index of clock readings in a zone; raises `DataRefused` for those that do not exist or exist twice there."""
    if tz is None or dates_only:  # a date is the same day everywhere
        return local
    zoned = local.tz_localize(tz, ambiguous="NaT", nonexistent="NaT")
    lost = np.flatnonzero(zoned.isna() & ~local.isna())
    if not len(lost):
        return zoned
    inferred = _by_order(local, tz)
    if inferred is not None:
        return inferred
    return refuse(
        "ambiguous_times",
        f"{counted(len(lost), 'time')} of {name} does not exist or exists twice in {tz}, "
        f"as clocks change: {local[lost[0]]} in {places(lost)}",
        "Export the times in UTC, or give the zone that they are really in, for example `--tz UTC`.",
        column=name,
        rows=lost,
    )


def _by_order(local: Any, zone: str) -> Any | None:
    """Where the hour that comes twice is there twice, in order, each is certain."""
    try:
        return local.tz_localize(zone, ambiguous="infer")
    except Exception:  # noqa: BLE001 - pandas raises errors of several libraries here
        return None


def with_repeated_hour(local: Any) -> str | None:
    """A usual zone whose clocks go back where some clock readings come twice, which tells them all apart."""
    for zone in USUAL:
        found = _by_order(local, zone)
        if found is not None and found.is_unique:
            return zone
    return None


def _refuse_mixed(utc: Any, offsets: Any, different: Any, name: str) -> Any:
    fitting = [zone for zone in USUAL if _fits(utc, offsets, zone)]
    texts = ", ".join(_offset(minutes) for minutes in different[:4])
    keep = f"`--tz {fitting[0]}` keeps these clock times" if fitting else "`--tz ZONE` gives them in that zone"
    return refuse(
        "mixed_offsets",
        f"The times of {name} have {len(different)} UTC offsets ({texts}), "
        + (f"as in {fitting[0]}" if fitting else "which no usual zone has"),
        f"Say in which zone to state them: {keep}, `--tz UTC` converts them.",
        column=name,
    )


def _fits(utc: Any, offsets: Any, zone: str) -> bool:
    seen = ~utc.isna()
    wall = utc.tz_convert(zone).tz_localize(None) - utc.tz_localize(None)
    return bool((np.asarray(wall[seen] / pd.Timedelta(minutes=1)) == offsets[seen]).all())


def _offset(minutes: float) -> str:
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{int(abs(minutes)) // 60:02d}:{int(abs(minutes)) % 60:02d}"


def name_of(index: Any) -> str:
    """The name of an index's zone; empty where it has none."""
    return "" if index.tz is None else str(index.tz)
