"""Parquet files: their own index, an index made of their times, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from windtunnel.datasets.inspection import DataRefused, ReadOptions, inspect

TIMES = pd.date_range("2024-01-02 09:30", periods=20, freq="30min", name="time")
CLOSE = np.linspace(1.0, 2.0, 20)


def test_a_frame_with_an_index_of_times_is_kept_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "file.parquet"
    frame = pd.DataFrame({"close": CLOSE}, index=TIMES.tz_localize("America/New_York"))
    frame.to_parquet(path)
    found = inspect(path)
    pd.testing.assert_frame_equal(found.frame, pd.read_parquet(path))
    assert (found.changed, found.format, found.facts.zone) == (False, "parquet", "America/New_York")


@pytest.mark.parametrize(
    "times",
    [TIMES, TIMES.strftime("%Y-%m-%d %H:%M:%S"), (TIMES.astype("int64") // 10**9)],
    ids=["times", "texts", "epoch"],
)
def test_times_in_a_column_become_the_index(times: pd.Index, tmp_path: Path) -> None:
    path = tmp_path / "file.parquet"
    pd.DataFrame({"close": CLOSE, "time": times}).to_parquet(path)
    found = inspect(path)
    assert found.changed
    assert list(found.frame.columns) == ["close"]
    assert str(found.frame.index[0])[:19] == "2024-01-02 09:30:00"
    assert "time_column" in {finding.kind for finding in found.facts.findings}
    found.write_file(tmp_path / "canonical.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "canonical.parquet"), found.frame)


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_times_count_the_same_in_any_unit(unit: str, tmp_path: Path) -> None:
    path = tmp_path / "file.parquet"
    days = pd.bdate_range("2200-01-01", periods=300).as_unit(unit)
    pd.DataFrame({"close": np.linspace(1.0, 2.0, 300)}, index=days).to_parquet(path)
    facts = inspect(path).facts
    assert facts.bars_a_year == 252
    assert "future_rows" in {finding.kind for finding in facts.findings}


def test_times_that_scoring_cannot_hold_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "file.parquet"
    days = pd.DatetimeIndex(np.array(["2023-01-02", "9999-12-31"], dtype="datetime64[us]"), name="day")
    pd.DataFrame({"close": [1.0, 2.0]}, index=days).to_parquet(path)
    with pytest.raises(DataRefused, match=r"day holds the year 9999 in row 2; years from 1678 to 2261"):
        inspect(path)


@pytest.mark.parametrize("start", ["2021-03-27 22:30", "2021-10-30 22:30"])
def test_times_that_a_zone_does_not_have_once_are_refused(start: str, tmp_path: Path) -> None:
    path = tmp_path / "file.parquet"
    pd.DataFrame({"close": CLOSE}, index=pd.date_range(start, periods=20, freq="h")).to_parquet(path)
    with pytest.raises(DataRefused, match="does not exist or exists twice in Europe/Berlin"):
        inspect(path, ReadOptions(tz="Europe/Berlin"))


def test_columns_of_one_name_are_told_apart(tmp_path: Path) -> None:
    arrays = [pa.array(TIMES), pa.array(CLOSE), pa.array([Decimal("1.1")] * 20)]
    pq.write_table(pa.table(arrays, names=["time", "close", "close"]), tmp_path / "file.parquet")
    found = inspect(tmp_path / "file.parquet")
    assert list(found.frame.columns) == ["close", "close.1"]
    assert "duplicate_columns" in {finding.kind for finding in found.facts.findings}
    found.write_columns(tmp_path / "columns.arrow")
    pd.testing.assert_frame_equal(pd.read_feather(tmp_path / "columns.arrow"), found.frame)


@pytest.mark.parametrize(
    ("frame", "kind"),
    [
        (pd.DataFrame({"close": [Decimal("1.10"), Decimal("1.20")]}, index=TIMES[:2]), "decimals"),
        (pd.DataFrame({("close", "AAPL"): [1.1, 1.2]}, index=TIMES[:2]), "column_levels"),
        (pd.DataFrame({"close": [1.1, 1.2]}, index=pd.period_range("2024-01", periods=2, freq="M")), "periods"),
        (pd.DataFrame({"time": pd.period_range("2024-01", periods=2, freq="M"), "close": [1.1, 1.2]}), "periods"),
    ],
    ids=["decimals", "levels", "periods", "a column of periods"],
)
def test_types_of_pandas_are_read_as_numbers_names_and_times(frame: pd.DataFrame, kind: str, tmp_path: Path) -> None:
    frame.to_parquet(tmp_path / "file.parquet")
    found = inspect(tmp_path / "file.parquet")
    assert list(found.frame["close"]) == [1.1, 1.2]
    assert isinstance(found.frame.index, pd.DatetimeIndex)
    assert kind in {finding.kind for finding in found.facts.findings}
    found.write_file(tmp_path / "canonical.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "canonical.parquet"), found.frame, check_freq=False)


def test_columns_of_several_tickers_are_told_apart(tmp_path: Path) -> None:
    names = [("close", "AAPL"), ("close", "MSFT")]
    pd.DataFrame([[1.0, 2.0]], columns=pd.MultiIndex.from_tuples(names), index=TIMES[:1]).to_parquet(
        tmp_path / "f.parquet"
    )
    assert list(inspect(tmp_path / "f.parquet").frame.columns) == ["AAPL", "MSFT"]


def test_a_table_without_times_is_kept_with_a_finding(tmp_path: Path) -> None:
    path = tmp_path / "file.parquet"
    pd.DataFrame({"name": ["a", "b"], "score": [1, 2]}).to_parquet(path)
    found = inspect(path)
    assert not found.changed
    assert [finding.kind for finding in found.facts.findings] == ["no_times"]


def test_numbers_that_are_stored_as_text_are_named_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "file.parquet"
    pd.DataFrame({"close": ["16500.1", "16510.2"], "symbol": ["A", "1"]}, index=TIMES[:2]).to_parquet(path)
    found = inspect(path)
    assert not found.changed
    assert [finding.message for finding in found.facts.findings if finding.kind == "numbers_as_text"] == [
        "Text that looks like numbers in 'close'; programs find text."
    ]


def test_an_unknown_time_column_is_refused_with_those_that_exist(tmp_path: Path) -> None:
    path = tmp_path / "file.parquet"
    pd.DataFrame({"when": TIMES, "close": CLOSE}).to_parquet(path)
    with pytest.raises(DataRefused, match="'when', 'close'"):
        inspect(path, ReadOptions(time_column="time"))


@pytest.mark.parametrize(
    ("table", "kind"),
    [
        (pa.table({"x": [[1, 2], [3]]}), "nested_columns"),
        (pa.table({"x": [{"a": 1}]}), "nested_columns"),
        (pa.table({"x": [b"\x80"]}), "nested_columns"),
        (pa.table({"x": pa.array([], pa.float64())}), "no_rows"),
    ],
    ids=["lists", "structures", "bytes", "no rows"],
)
def test_what_programs_cannot_use_is_refused(table: pa.Table, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "file.parquet"
    pq.write_table(table, path)
    with pytest.raises(DataRefused) as error:
        inspect(path)
    assert error.value.findings[0].kind == kind


def test_a_small_file_that_would_unpack_to_gigabytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file.parquet"
    nothing = pa.table({"x": pa.nulls(1 << 22, pa.float64())})
    with pq.ParquetWriter(path, nothing.schema) as writer:
        for _ in range(50):
            writer.write_table(nothing)
    assert path.stat().st_size < 1 << 20
    with pytest.raises(DataRefused) as error:
        inspect(path)
    assert error.value.findings[0].kind == "too_large"
