"""The files that programs left: by digest in the store, and back out of it under names that are safe."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from tests.support import a_version

from windtunnel.client import artifacts as reading
from windtunnel.client.pruning import GRACE_S, Pruned, prune
from windtunnel.contract import Artifact, Execution, Report
from windtunnel.errors import FileStoreUnavailable, InvalidInput, NotFound, ObjectUnusable
from windtunnel.records.codec import encode_report
from windtunnel.store import Store
from windtunnel.testing import Tunnel, succeeded
from windtunnel_worker.sandbox import artifacts

FILES = {"trades.csv": b"1,2\n", "plots/equity.png": b"\x89PNG", "plots/deep/model": b"\0\1"}


@pytest.fixture
def tunnel() -> Tunnel:
    """Its programs leave those files."""

    def script(_: object) -> Execution:
        return succeeded(done=True).model_copy(update={"artifacts": tuple(artifacts.keep(FILES, whole.store))})

    whole = Tunnel(script)
    return whole


@pytest.fixture
def job(tunnel: Tunnel) -> str:
    return tunnel.client.submit({"code": "print(1)"})


def test_a_report_names_them_by_digest(tunnel: Tunnel, job: str) -> None:
    execution = tunnel.client.report(job).execution
    assert execution
    assert [(one.name, one.bytes, one.media_type) for one in execution.artifacts] == [
        ("trades.csv", 4, "text/csv"),
        ("plots/equity.png", 4, "image/png"),
        ("plots/deep/model", 2, "application/octet-stream"),
    ]
    assert [tunnel.store.get(one.sha256) for one in execution.artifacts] == list(FILES.values())


def test_the_client_reads_one_or_saves_all(tunnel: Tunnel, job: str, tmp_path: Path) -> None:
    client = tunnel.client
    assert client.artifact(job, "trades.csv") == b"1,2\n"
    saved = client.save_artifacts(job, tmp_path / "out")
    assert {str(path.relative_to(tmp_path / "out")): path.read_bytes() for path in saved} == FILES
    assert client.save_artifacts(job, str(tmp_path / "out")) == saved
    with pytest.raises(NotFound, match=r"no artifact 'none'; there are: trades\.csv"):
        client.artifact(job, "none")


def test_bytes_that_are_gone_are_told(tunnel: Tunnel, job: str) -> None:
    for one in tunnel.store.objects():
        tunnel.store.delete(one.sha256)
    with pytest.raises(NotFound, match=r"Artifact 'trades\.csv' of job"):
        tunnel.client.artifact(job, "trades.csv")


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("plots/a.png", "plots/a.png"),
        ("../../etc/passwd", "etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("a/./.. /b", "a/b"),
        ("a//b/", "a/b"),
        ("/".join("abcdefghij"), "a/b/c/d/e/f/g/h-i-j"),
        (".bashrc", "bashrc"),
        ("a\x1b[2J\n.csv", "a-2J-.csv"),
        ("..", "artifact"),
        ("", "artifact"),
        ("x" * 500, "x" * 120),
        ("con\u202egnp.exe", "con-gnp.exe"),
    ],
)
def test_a_hostile_name_becomes_a_path_of_plain_ones(name: str, safe: str) -> None:
    assert reading.plain_path(name) == safe


def a_report_of(job: str, tunnel: Tunnel, names: list[str]) -> Report:
    """Its report, with artifacts of these names."""
    report = tunnel.client.report(job)
    sha256 = tunnel.store.put(b"new")
    left = tuple(Artifact.model_construct(name=name, bytes=3, sha256=sha256) for name in names)
    assert report.execution
    return report.model_copy(update={"execution": report.execution.model_copy(update={"artifacts": left})})


def test_no_link_is_written_through_and_no_two_names_become_one(tunnel: Tunnel, job: str, tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "out"
    outside.write_text("mine")
    folder.mkdir()
    (folder / "a-b").symlink_to(outside)
    report = a_report_of(job, tunnel, ["a/b", "a-b", "../a-b", "a/../b"])
    saved = reading.save(tunnel.store, report, folder)
    assert [str(path.relative_to(folder)) for path in saved] == ["a/b", "a-b", "2-a-b", "a/2-b"]
    assert (outside.read_text(), (folder / "a-b").is_symlink()) == ("mine", False)
    assert {stat.S_ISREG(path.lstat().st_mode) for path in saved} == {True}


def test_a_file_where_the_folder_should_be_is_told(tunnel: Tunnel, job: str, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("mine")
    with pytest.raises(InvalidInput, match=r"mine\.py cannot be made: File exists"):
        tunnel.client.save_artifacts(job, tmp_path / "mine.py")


@pytest.mark.parametrize("kind", ["a link", "a file"])
def test_what_is_no_folder_is_not_written_into(tunnel: Tunnel, job: str, tmp_path: Path, kind: str) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "out"
    outside.mkdir()
    (folder / "deep").mkdir(parents=True)
    if kind == "a link":
        (folder / "deep" / "plots").symlink_to(outside)
    else:
        (folder / "deep" / "plots").write_text("mine")
    with pytest.raises(InvalidInput, match=f"plots is {kind}.*Give an empty folder"):
        reading.save(tunnel.store, a_report_of(job, tunnel, ["deep/plots/x/a.png"]), folder)
    assert list(outside.iterdir()) == []


def test_a_store_that_takes_nothing_is_a_fault_of_the_machinery() -> None:
    with pytest.raises(FileStoreUnavailable):
        artifacts.keep(FILES, Store("ftp://127.0.0.1:1/store"))


def test_reports_stay_small_whatever_programs_leave() -> None:
    """The bytes of a batch's artifacts are in the store: its records are as large with a megabyte as with a byte."""

    def size_of_records(artifact_bytes: int) -> int:
        def script(assignment: object) -> Execution:
            content = assignment.job_id.encode() + bytes(artifact_bytes)  # type: ignore[attr-defined]
            return succeeded().model_copy(update={"artifacts": tuple(artifacts.keep({"left": content}, whole.store))})

        whole = Tunnel(script)
        batch = whole.client.submit_batch([{"code": "print(1)", "params": {"at": at}} for at in range(20)])
        assert sum(one.bytes for one in whole.store.objects()) >= 20 * artifact_bytes
        return sum(len(encode_report(report)) for report in whole.client.reports(batch))

    small, large = size_of_records(1), size_of_records(2**20)
    assert large - small < 20 * 100
    assert 10_000 * large / 20 < 2**20 * 50  # ten thousand of them stay below 50 MB


# -- what becomes of them --------------------------------------------------------------------------------


def prune_later(tunnel: Tunnel, *, really: bool = True) -> Pruned:
    """Prune when no report of now is left any more."""
    return prune(tunnel.store, tunnel.records.catalogue, -GRACE_S - 60, really=really)


def test_prune_removes_what_no_report_can_name_and_no_dataset_has(tunnel: Tunnel, job: str) -> None:
    client, store = tunnel.client, tunnel.store
    kept = a_version(content="kept")
    assert store.put(b"kept") == kept.sha256
    tunnel.records.catalogue.add(kept)
    assert client.prune_store().objects == 0
    would = prune_later(tunnel, really=False)
    assert (would.objects, would.bytes, would.kept) == (3, 10, 1)
    assert prune_later(tunnel) == would
    assert [one.sha256 for one in store.objects()] == [kept.sha256]
    with pytest.raises(NotFound):
        client.artifact(job, "trades.csv")


def test_a_dataset_that_was_removed_stays_for_the_jobs_that_were_submitted_before(tmp_path: Path) -> None:
    tunnel = Tunnel()
    client = tunnel.client
    file = tmp_path / "prices.csv"
    file.write_text("Date,Close\n2020-01-01,1.5\n")
    version = client.datasets.add("sp500", file)
    client.datasets.remove("sp500")
    assert client.prune_store().objects == 0
    assert prune_later(tunnel).objects == len(version.digests)


def test_nothing_is_pruned_where_a_document_cannot_be_read(tunnel: Tunnel, job: str) -> None:
    tunnel.store.write("catalogue/sp500/1.json", b"{no json")
    with pytest.raises(ObjectUnusable, match="sp500"):
        prune_later(tunnel)
    assert tunnel.client.artifact(job, "trades.csv")
