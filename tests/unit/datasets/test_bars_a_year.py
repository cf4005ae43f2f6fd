"""Bars a year, counted from times as exchanges, brokers and statistics have them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from windtunnel.datasets.bars import a_year, find
from windtunnel.datasets.inspection import inspect

BUSINESS_DAYS = pd.bdate_range("2023-01-02", periods=300)


def sessions(days: pd.DatetimeIndex, start: str, bars: int, step: str) -> pd.DatetimeIndex:
    offsets = pd.to_timedelta(np.arange(bars) * pd.Timedelta(step)) + pd.Timedelta(start)
    return pd.DatetimeIndex([day + offset for day in days for offset in offsets])


def currencies(weeks: int) -> pd.DatetimeIndex:
    """From Sunday 22:00 to Friday 22:00, an hour a bar."""
    hours = pd.date_range("2023-01-01", periods=weeks * 168, freq="h")
    into = hours.dayofweek * 24 + hours.hour
    return hours[(into < 4 * 24 + 22) | (into >= 6 * 24 + 22)]


@pytest.mark.parametrize(
    ("times", "bars"),
    [
        pytest.param(BUSINESS_DAYS, 252, id="stocks, days"),
        pytest.param(pd.bdate_range("2010-01-04", "2019-12-31"), 252, id="ten years of weekdays"),
        pytest.param(pd.DatetimeIndex(["2020-01-02", "2020-01-03", "2020-01-06"]), 252, id="three days over a weekend"),
        pytest.param(pd.date_range("2023-01-01", periods=400, freq="D"), 365, id="crypto, days"),
        pytest.param(pd.date_range("2023-01-06", periods=80, freq="W"), 52, id="weeks"),
        pytest.param(pd.date_range("2010-01-31", periods=80, freq="ME"), 12, id="months"),
        pytest.param(pd.date_range("2010-01-31", periods=20, freq="BME"), 12, id="ends of months on weekdays"),
        pytest.param(pd.date_range("2010-03-31", periods=40, freq="QE"), 4, id="quarters"),
        pytest.param(pd.date_range("1990-01-01", periods=30, freq="YS"), 1, id="years"),
        pytest.param(pd.date_range("2023-01-01", periods=24 * 60, freq="h"), 8760, id="crypto, hours"),
        pytest.param(
            pd.date_range("2023-01-01", periods=3 * 1440, freq="min"), 525_600, id="crypto, three days of minutes"
        ),
        pytest.param(sessions(BUSINESS_DAYS[:40], "9:30:00", 390, "1min"), 252 * 390, id="stocks, minutes"),
        pytest.param(sessions(BUSINESS_DAYS[:60], "9:30:00", 13, "30min"), 3276, id="stocks, half hours"),
        pytest.param(sessions(BUSINESS_DAYS[:60], "9:30:00", 7, "1h"), 1764, id="stocks, hours"),
        pytest.param(sessions(BUSINESS_DAYS[:5], "9:30:00", 78, "5min"), 252 * 78, id="one week of five minutes"),
        pytest.param(currencies(20), 252 * 24, id="currencies, hours"),
        pytest.param(
            sessions(BUSINESS_DAYS[:60], "9:30:00", 13, "30min").tz_localize("America/New_York"), 3276, id="in a zone"
        ),
        pytest.param(pd.DatetimeIndex(["2020-01-02"]), None, id="one time"),
    ],
)
def test_bars_a_year_are_counted(times: pd.DatetimeIndex, bars: float | None) -> None:
    year = a_year(times)
    assert year.bars == bars
    assert year.how


def test_sessions_cut_short_do_not_change_the_count() -> None:
    times = sessions(BUSINESS_DAYS[:60], "9:30:00", 13, "30min")
    cut = times.delete([20, 21, 300])
    assert a_year(cut).bars == 3276
    assert [finding.kind for finding in find(cut)] == ["short_sessions"]


def test_a_missing_stretch_is_a_gap_and_holidays_are_none() -> None:
    days = pd.bdate_range("2023-01-02", "2023-12-29")
    holidays = days.delete([10, 33, 100])
    assert find(holidays) == []
    (gap,) = find(days.delete(range(50, 60)))
    assert (gap.kind, gap.message) == ("gap", "1 gap: no rows from 2023-03-13 to 2023-03-24 (10 sessions).")


def test_one_missing_day_of_crypto_is_a_gap() -> None:
    days = pd.date_range("2023-01-01", periods=100, freq="D").delete(40)
    assert [finding.kind for finding in find(days)] == ["gap"]


def test_weekend_rows_among_weekdays_are_found() -> None:
    days = pd.bdate_range("2023-01-02", periods=100).append(pd.DatetimeIndex(["2023-02-04"])).sort_values()
    (finding,) = find(days)
    assert (finding.kind, finding.rows) == ("weekend_rows", (26,))
    assert "2023-02-04 is a Saturday among weekdays" in finding.message


def test_the_count_and_how_it_was_made_are_stored(tmp_path: Path) -> None:
    path = tmp_path / "bars.csv"
    times = sessions(BUSINESS_DAYS[:60], "9:30:00", 13, "30min")
    pd.DataFrame({"Close": np.linspace(50, 60, len(times))}, index=times.rename("Time")).to_csv(path)
    facts = inspect(path).facts
    assert (facts.rows, facts.bars_a_year) == (780, 3276)
    assert facts.bars_how == "counted: 252 sessions (five days a week) of 13 bars"
