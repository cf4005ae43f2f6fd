"""The archive: each report in a file exactly once, whoever is killed; few files; its queries as the page shows them."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from pyarrow import dataset, parquet
from tests.support import ROOT

from windtunnel.errors import FileStoreUnavailable, InvalidInput
from windtunnel.reports import table
from windtunnel.settings import Settings, load
from windtunnel.store import Store
from windtunnel.testing import Tunnel, returned, succeeded
from windtunnel_worker.archive import Archiver

INDEX = pd.date_range("2020-01-01", periods=300, freq="D", name="Date")
FORGED = {"sharpe": 9.99, "outcome": "succeeded", "job_id": "b-0", "total_return": 9.99}
PAGE = ROOT / "docs" / "archive.md"


class Killed(BaseException):
    """Ends a writer where it stands."""


class Dying(Store):
    """A store whose writer is killed while it writes, or just after the file has its place."""

    def __init__(self, url: str, *, after: bool) -> None:
        super().__init__(url)
        self._folder, self._after = Path(url), after

    def write(self, path: str, source: bytes | Path) -> None:
        if self._after:
            super().write(path, source)
        else:
            half = (self._folder / path).with_name(f".{Path(path).name}.0123.part")
            half.parent.mkdir(parents=True)
            half.write_bytes(source[:100] if isinstance(source, bytes) else b"")
        raise Killed


def script(assignment: Any) -> Any:
    if assignment.job.name == "forger":
        return succeeded(**FORGED)
    draws = np.random.default_rng(assignment.job.params.get("number", 0)).choice([-1.0, 1.0], 300)
    return returned(INDEX, draws, "prices")


@pytest.fixture
def place(tmp_path: Path) -> str:
    return str(tmp_path / "archive")


@pytest.fixture
def tunnel(place: str, tmp_path: Path) -> Tunnel:
    tunnel = Tunnel(script, settings=Settings(archive_url=place))
    pd.DataFrame({"Close": np.linspace(100, 130, 300)}, index=INDEX).to_csv(tmp_path / "prices.csv")
    tunnel.client.datasets.add("prices", tmp_path / "prices.csv")
    return tunnel


def archiver(tunnel: Tunnel, place: str, who: str = "one", store: Store | None = None, most: int = 1000) -> Archiver:
    return Archiver(tunnel.records, store or Store(place), who=who, after_s=0, most=most)


def submit(tunnel: Tunnel, count: int = 1, name: str = "noise") -> str:
    same = {"code": "print(1)", "name": name, "datasets": ["prices"]}
    return tunnel.client.submit_batch([{**same, "params": {"number": n}} for n in range(count)])


def archived(place: str) -> list[tuple[str, int]]:
    """Job and attempts of every row, whatever file it is in."""
    found = dataset.dataset(place, format="parquet", partitioning="hive").to_table(["job_id", "attempts"])
    return sorted((row["job_id"], row["attempts"]) for row in found.to_pylist())


def test_many_small_batches_are_one_file_with_each_report_once(tunnel: Tunnel, place: str) -> None:
    batches = [submit(tunnel) for _ in range(12)]
    assert archiver(tunnel, place).run()
    assert not archiver(tunnel, place).run()
    assert archived(place) == sorted((f"{batch}-0", 1) for batch in batches)
    (file,) = (one for one in Path(place).rglob("*") if one.is_file())
    day = next(iter(tunnel.client.reports(batches[0]))).finished_at
    assert file.parent.name == f"date={day:%Y-%m-%d}"


def test_files_have_a_bound_and_the_columns_of_exports(tunnel: Tunnel, place: str) -> None:
    batch = submit(tunnel, 7, name="forger")
    while archiver(tunnel, place, most=3).run():
        pass
    files = list(Path(place).rglob("*.parquet"))
    assert sorted(parquet.read_metadata(file).num_rows for file in files) == [1, 3, 3]
    assert len(set(archived(place))) == 7
    assert all(parquet.read_schema(file).equals(table.schema()) for file in files)
    exported = json.loads(tunnel.client.export(batch, "json"))
    assert list(exported[0]) == parquet.read_schema(files[0]).names


def test_what_a_program_says_is_under_no_column_of_ours(tunnel: Tunnel, place: str) -> None:
    batch = submit(tunnel, name="forger")
    scored = submit(tunnel)
    archiver(tunnel, place).run()
    found = pd.read_parquet(place).set_index("batch_id")
    assert found.loc[batch, "job_id"] == f"{batch}-0"
    assert found.loc[[batch], ["sharpe", "total_return"]].isna().all(axis=None)
    assert json.loads(found.loc[batch, "self_reported"]) == FORGED
    assert found.loc[scored, "sharpe"] == pytest.approx(tunnel.client.report(f"{scored}-0").score.metrics.sharpe)  # type: ignore[union-attr]


@pytest.mark.parametrize("after", [False, True])
def test_a_writer_that_is_killed_loses_nothing_and_doubles_nothing(tunnel: Tunnel, place: str, *, after: bool) -> None:
    first = submit(tunnel, 3)
    with pytest.raises(Killed):
        archiver(tunnel, place, store=Dying(place, after=after)).run()
    later = submit(tunnel, 2)
    while archiver(tunnel, place, "two").run():
        pass
    assert archived(place) == sorted(
        (f"{batch}-{at}", 1) for batch, jobs in ((first, 3), (later, 2)) for at in range(jobs)
    )


def test_one_that_dies_without_a_word_is_waited_for_and_made_up_for(tunnel: Tunnel, place: str) -> None:
    batch = submit(tunnel, 2)
    taken = tunnel.records.spool.take("dead", most=1000, after_s=0, lease_s=60)
    assert taken is not None
    assert not archiver(tunnel, place).run()
    tunnel.records.spool.not_written("dead", taken)  # as when its lease runs out
    assert archiver(tunnel, place).run()
    assert archived(place) == [(f"{batch}-0", 1), (f"{batch}-1", 1)]


def test_a_part_that_was_written_is_not_written_again_with_less(tunnel: Tunnel, place: str) -> None:
    batch = submit(tunnel)
    with pytest.raises(Killed):
        archiver(tunnel, place, store=Dying(place, after=True)).run()
    tunnel.client.retry(f"{batch}-0")  # the first report is gone from the records
    while archiver(tunnel, place, "two").run():
        pass
    assert archived(place) == [(f"{batch}-0", 1), (f"{batch}-0", 2)]


def test_a_job_that_was_retried_before_is_there_with_its_last_end(tunnel: Tunnel, place: str) -> None:
    batch = submit(tunnel)
    tunnel.client.retry(f"{batch}-0")
    archiver(tunnel, place).run()
    assert archived(place) == [(f"{batch}-0", 2)]


def test_reports_wait_while_the_archive_is_away(tunnel: Tunnel, tmp_path: Path, place: str) -> None:
    batch = submit(tunnel)
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    away = Store(str(blocked), setting="WINDTUNNEL_ARCHIVE_URL")
    with pytest.raises(FileStoreUnavailable, match="WINDTUNNEL_ARCHIVE_URL"):
        archiver(tunnel, place, store=away).run()
    assert archiver(tunnel, place).run()
    assert archived(place) == [(f"{batch}-0", 1)]


def test_without_an_archive_nothing_is_spooled() -> None:
    tunnel = Tunnel()
    tunnel.client.submit_batch([{"code": "print(1)"}])
    assert tunnel.records.spool.take("one", most=1, after_s=0, lease_s=60) is None


def test_the_archive_is_an_url_or_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().archive_url is None
    monkeypatch.setenv("WINDTUNNEL_ARCHIVE_URL", " ")
    with pytest.raises(InvalidInput, match="WINDTUNNEL_ARCHIVE_URL"):
        load(Settings)


def programs() -> list[str]:
    return re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


@pytest.mark.parametrize("number", range(len(programs())))
def test_the_queries_of_the_page_work(
    tunnel: Tunnel,
    place: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: int,
) -> None:
    batch = submit(tunnel, 3)
    submit(tunnel, name="forger")
    archiver(tunnel, place).run()
    tunnel.client.retry(f"{batch}-0")
    archiver(tunnel, place).run()
    monkeypatch.setenv("WINDTUNNEL_ARCHIVE_URL", place)
    program = tmp_path / "query.py"
    program.write_text(programs()[number])
    left = runpy.run_path(str(program))
    found = left["best"] if isinstance(left["best"], pd.DataFrame) else left["best"].df()
    assert sorted(found["job_id"]) == [f"{batch}-{at}" for at in range(3)]
    assert found["sharpe"].is_monotonic_decreasing
    assert "9.99" not in capsys.readouterr().out


def test_sql_reads_every_report_once(tunnel: Tunnel, place: str) -> None:
    batches = [submit(tunnel, 2) for _ in range(3)]
    for batch in batches:
        archiver(tunnel, place).run()
        tunnel.client.retry(f"{batch}-0")
    while archiver(tunnel, place).run():
        pass
    query = f"SELECT count(*), count(DISTINCT job_id) FROM '{place}/*/*.parquet'"
    assert duckdb.execute(query).fetchall() == [(9, 6)]
