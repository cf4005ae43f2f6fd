"""What is said of awkward files: read with certainty, refused with the option that settles it, or noted."""

from __future__ import annotations

import warnings
from pathlib import Path

import pandas as pd
import pytest
from tests.unit.datasets.awkward import CASES, Awkward

from windtunnel.datasets.inspection import DataRefused, Inspected, ReadOptions, inspect
from windtunnel.errors import InvalidInput


@pytest.fixture(params=CASES, ids=[case.name for case in CASES])
def case(request: pytest.FixtureRequest) -> Awkward:
    found: Awkward = request.param
    return found


def plain(path: Path) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas says that it guesses
        return pd.read_csv(path, index_col=0, parse_dates=True)


def test_each_is_understood_or_refused(case: Awkward, tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(case.content)
    options = ReadOptions(**case.options)
    if case.refused:
        with pytest.raises(DataRefused) as error:
            inspect(path, options)
        assert [finding.kind for finding in error.value.findings] == [case.refused]
        assert case.remedy in str(error.value)
        return
    found = inspect(path, options)
    check(case, found)
    check_files(found, path, tmp_path)


@pytest.mark.parametrize("zone", ["Mars/Phobos", "America", "../UTC", "a\0b"])
def test_an_unknown_zone_is_refused(zone: str) -> None:
    with pytest.raises(InvalidInput, match="tz: give a zone such as `UTC`"):
        ReadOptions(tz=zone)


def check(case: Awkward, found: Inspected) -> None:
    facts = found.facts
    assert set(case.kinds) <= {finding.kind for finding in facts.findings}
    if case.columns is not None:
        assert tuple(found.frame.columns) == case.columns
    if case.first:
        assert facts.head[0][0] == case.first
    if case.last_cell is not None:
        assert found.frame.iloc[-1, -1] == case.last_cell
    if case.rows is not None:
        assert facts.rows == case.rows
    if case.bars is not None:
        assert facts.bars_a_year == case.bars
    if case.changed is not None:
        assert found.changed is case.changed
    assert [column.name for column in facts.columns[1:]] == list(found.frame.columns)


def check_files(found: Inspected, path: Path, folder: Path) -> None:
    """What programs find, as a file and as columns, is the frame that was shown."""
    found.write_columns(folder / "columns.arrow")
    pd.testing.assert_frame_equal(pd.read_feather(folder / "columns.arrow"), found.frame)
    if found.changed:
        path = folder / "canonical.csv"
        found.write_file(path)
    if not isinstance(found.frame.index, pd.DatetimeIndex):
        return
    expected = found.frame
    if found.changed and expected.index.tz is not None:
        expected = expected.tz_convert("UTC")  # the one zone that every reader finds in a CSV file
    pd.testing.assert_frame_equal(plain(path), expected, check_freq=False)


@pytest.mark.parametrize(
    ("rows", "remedy"),
    [
        (("2024-11-03 00:00,1", "2024-11-03 01:00,2", "2024-11-03 01:00,3", "2024-11-03 02:00,4"), "--tz America/New"),
        (("2024-11-04 00:00,1", "2024-11-04 01:00,2", "2024-11-04 01:00,3", "2024-11-04 02:00,4"), "--drop-duplicates"),
        (("2024-11-04,A", "2024-11-04,B", "2024-11-05,A", "2024-11-05,B"), "'name' tells them apart"),
        (("2024-11-04,A", "2024-11-04,A", "2024-11-05,A", "2024-11-05,B"), "--drop-duplicates"),
    ],
)
def test_what_tells_duplicate_times_apart(rows: tuple[str, ...], remedy: str, tmp_path: Path) -> None:
    (tmp_path / "file.csv").write_text("\n".join(["time,name", *rows]))
    findings = inspect(tmp_path / "file.csv").facts.findings
    assert [remedy in one.remedy for one in findings if one.kind == "duplicate_times"] == [True]


@pytest.mark.parametrize(("said", "named"), [(None, True), ("none", False)])
def test_what_cannot_be_read_as_times_is_named(said: str | None, named: bool, tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text("Date,Close\n6 février 2020,1.5\n7 février 2020,1.6\n")
    found = inspect(path, ReadOptions(time_column=said)).facts.findings
    assert ["6 février 2020" in finding.message for finding in found if finding.kind == "no_times"] == [named]
