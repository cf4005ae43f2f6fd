"""Compaction: fewer files, every report exactly once at every moment, whoever is killed and whoever reads meanwhile."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import dataset, parquet
from tests.scored import report
from typer.testing import CliRunner

from windtunnel import archive
from windtunnel.archive import Archive
from windtunnel.cli.commands import app as commands
from windtunnel.errors import InvalidInput
from windtunnel.reports import table
from windtunnel.settings import client_settings
from windtunnel.store import Store

DAY = "date=2024-05-06"
HOUR = 3600.0


class Killed(BaseException):
    """Ends a compaction where it stands."""


class Mortal(Store):
    """A store whose user is killed at its so manieth change, before or after it."""

    def __init__(self, url: str, change: int, *, after: bool, setting: str) -> None:
        super().__init__(url, setting=setting)
        self._left, self._after = change, after

    def write(self, path: str, source: bytes | Path) -> None:
        self._change(lambda: Store.write(self, path, source))

    def remove(self, path: str) -> None:
        self._change(lambda: Store.remove(self, path))

    def _change(self, act: Any) -> None:
        self._left -= 1
        if self._left < 0 and not self._after:
            raise Killed
        act()
        if self._left < 0:
            raise Killed


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "archive"


def add(place: Path, part: str, *numbers: int, day: str = DAY, columns: int | None = None) -> None:
    """A file as an archiver writes it; with fewer columns, as an older version did."""
    (place / day).mkdir(parents=True, exist_ok=True)
    found = parquet.read_table(pa.BufferReader(table.as_parquet(report(number) for number in numbers)))
    parquet.write_table(found.select(range(columns)) if columns else found, place / day / f"{part}.parquet")


def grow_old(place: Path, seconds: float = 2 * HOUR) -> None:
    for file in place.rglob("*.parquet"):
        at = file.stat().st_mtime - seconds
        os.utime(file, (at, at))


def jobs(place: Path) -> list[int]:
    """The numbers of the jobs in the files that count."""
    files = Archive(str(place)).files()
    found = dataset.dataset(files, format="parquet").to_table(["job_id"])["job_id"] if files else []
    return sorted(int(str(name).removeprefix("b-")) for name in found)


def names(place: Path) -> list[str]:
    return sorted(file.name for file in place.rglob("*.parquet"))


def compact(place: Path, **options: Any) -> archive.Compacted:
    return Archive(str(place)).compact(**options)


def test_a_day_becomes_one_file_and_late_parts_join_it(place: Path) -> None:
    for number in range(5):
        add(place, f"p{number}", 2 * number, 2 * number + 1)
    done = compact(place)
    assert (done.merged, done.written, done.rows, done.removed) == (5, 1, 10, 0)
    assert (len(names(place)), jobs(place)) == (6, list(range(10)))  # readers that began before still find theirs
    grow_old(place)
    assert compact(place).removed == 5
    assert (len(names(place)), jobs(place)) == (1, list(range(10)))
    add(place, "late", 10)
    assert compact(place).merged == 2
    grow_old(place)
    assert compact(place).removed == 2
    assert (len(names(place)), jobs(place)) == (1, list(range(11)))
    assert compact(place) == archive.Compacted()


def test_today_and_large_files_are_left_alone(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    today = f"date={pd.Timestamp.now('UTC'):%Y-%m-%d}"
    add(place, "p0", 0, day=today)
    add(place, "p1", 1, day=today)
    monkeypatch.setattr(archive, "MOST_ROWS", 4)
    for number in range(2, 9):
        add(place, f"p{number}", number)
    add(place, "large", 20, 21)
    before = names(place)
    done = compact(place, really=False)
    assert (done.merged, done.written) == (7, 2)
    assert names(place) == before
    assert compact(place) == done
    rows = [parquet.read_metadata(file).num_rows for file in (place / DAY).glob("compacted-*")]
    assert sorted(rows) == [3, 4]
    assert jobs(place) == [*range(9), 20, 21]


@pytest.mark.parametrize("after", [False, True])
def test_whoever_is_killed_every_report_is_there_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, after: bool
) -> None:
    for change in range(8):
        place = tmp_path / str(change)
        for number in range(4):
            add(place, f"p{number}", number)
        compact(place)
        add(place, "late", 4)
        grow_old(place)
        with monkeypatch.context() as patch:
            patch.setattr(archive, "Store", partial(Mortal, change=change, after=after))
            with pytest.raises(Killed) if change < 5 else nullcontext():
                compact(place)
        assert jobs(place) == list(range(5))
        compact(place)
        grow_old(place)
        compact(place)
        assert (jobs(place), len(names(place))) == (list(range(5)), 1)


def test_what_was_listed_can_be_read_while_it_is_compacted(place: Path) -> None:
    add(place, "p0", 0)
    add(place, "p1", 1)
    listed = Archive(str(place)).files()
    compact(place)
    compact(place)
    assert len(dataset.dataset(listed, format="parquet").to_table()) == 2
    with pytest.raises(InvalidInput, match="at least 60"):
        compact(place, grace_s=1)


def test_a_part_that_a_slow_archiver_writes_again_counts_once(place: Path) -> None:
    add(place, "p0", 0)
    add(place, "p1", 1)
    compact(place)
    grow_old(place)
    compact(place)
    add(place, "p0", 0)
    assert jobs(place) == [0, 1]
    compact(place)
    assert (jobs(place), len(names(place))) == ([0, 1], 1)


def test_of_two_compactions_at_a_time_the_wider_one_counts(place: Path) -> None:
    add(place, "p0", 0)
    add(place, "p1", 1)
    compact(place)
    (narrow,) = (place / DAY).glob("compacted-*")
    hidden = narrow.rename(place / "narrow")
    add(place, "p2", 2)
    compact(place)
    hidden.rename(narrow)
    assert (jobs(place), len(names(place))) == ([0, 1, 2], 5)
    grow_old(place)
    compact(place)
    assert (jobs(place), len(names(place))) == ([0, 1, 2], 1)


def test_files_of_an_older_version_get_the_columns_of_the_newer(place: Path) -> None:
    add(place, "old", 0, columns=5)
    add(place, "new", 1)
    compact(place)
    (file,) = (place / DAY).glob("compacted-*")
    found = parquet.read_table(file).to_pylist()
    assert [row["seed"] for row in sorted(found, key=lambda row: row["job_id"])] == [None, 0]


def test_every_reader_takes_the_files(place: Path) -> None:
    for number in range(3):
        add(place, f"p{number}", number)
    add(place, "p3", 3, day="date=2024-05-07")
    compact(place)
    found = Archive(str(place))
    files = found.files()
    assert len(files) == 2
    count = duckdb.execute("SELECT count(*), count(DISTINCT date) FROM read_parquet(?)", [files]).fetchall()
    assert count == [(4, 2)]
    assert len(pd.read_parquet(files)) == 4
    assert found.files(since=pd.Timestamp("2024-05-07").date()) == files[1:]


def test_half_written_files_are_no_part_of_it_and_go(place: Path) -> None:
    add(place, "p0", 0)
    half = place / DAY / ".p1.parquet.0123.part"
    half.write_bytes(b"PAR1")
    os.utime(half, (time.time() - 30 * HOUR,) * 2)
    compact(place)
    assert (jobs(place), half.exists()) == ([0], False)


def test_an_archive_in_s3(s3_bucket: str) -> None:
    store = Store(s3_bucket)
    for number in range(3):
        store.write(f"{DAY}/p{number}.parquet", table.as_parquet([report(number)]))
    found = Archive(s3_bucket)
    assert (found.compact().merged, store.remove_leftovers(0, "")) == (3, 0)
    (file,) = found.files()
    assert file.startswith(f"{s3_bucket}/{DAY}/compacted-")
    assert (len(store.files(DAY)), len(pd.read_parquet(file))) == (4, 3)


@pytest.fixture
def configured(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("WINDTUNNEL_ARCHIVE_URL", str(place))
    client_settings.cache_clear()
    yield
    client_settings.cache_clear()


@pytest.mark.usefixtures("configured")
def test_the_commands(place: Path) -> None:
    add(place, "p0", 0)
    add(place, "p1", 1)

    def run(*words: str) -> str:
        return CliRunner().invoke(commands, ["archive", *words], catch_exceptions=False).stdout

    assert "2 files with 2 reports would be merged into 1" in run("compact", "--dry-run")
    assert "2 files with 2 reports merged into 1" in run("compact")
    (file,) = run("files").split()
    assert Path(file).name.startswith("compacted-")
    assert run("files", "--since", "2024-05-07") == ""


def test_without_an_archive_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WINDTUNNEL_ARCHIVE_URL", raising=False)
    client_settings.cache_clear()
    failed = CliRunner().invoke(commands, ["archive", "files"])
    assert isinstance(failed.exception, InvalidInput)
    assert "WINDTUNNEL_ARCHIVE_URL" in str(failed.exception)
