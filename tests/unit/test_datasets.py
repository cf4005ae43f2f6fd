"""The datasets of a host: found by name, trusted by content."""

from __future__ import annotations

import hashlib
import json
import os
import resource
from pathlib import Path

import pytest

from windtunnel.errors import DatasetUnavailable, InvalidInput
from windtunnel_worker.datasets import DatasetRegistry

TEXT = "Date,Close\n2020-01-01,1.5\n"


@pytest.fixture
def registry(tmp_path: Path) -> DatasetRegistry:
    return DatasetRegistry(tmp_path / "host")


def file(folder: Path, name: str = "prices.csv", content: bytes = TEXT.encode()) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_a_file_is_kept_under_its_content_hash(registry: DatasetRegistry, tmp_path: Path) -> None:
    dataset = registry.add("sp500", file(tmp_path))
    assert dataset.sha256 == hashlib.sha256(TEXT.encode()).hexdigest()
    assert (dataset.name, dataset.format, dataset.bytes) == ("sp500", "csv", len(TEXT))
    assert dataset.sandbox_path == "/data/sp500.csv"
    ((found, path),) = registry.resolve(("sp500",)).items()
    assert found == dataset
    assert dataset.sha256 in path.name
    assert path.read_text() == TEXT


def test_the_original_may_change_or_go(registry: DatasetRegistry, tmp_path: Path) -> None:
    original = file(tmp_path)
    registry.add("sp500", original)
    original.unlink()
    assert registry.resolve(("sp500",))


def test_a_name_then_stands_for_the_new_content(registry: DatasetRegistry, tmp_path: Path) -> None:
    registry.add("sp500", file(tmp_path))
    newer = registry.add("sp500", file(tmp_path, content=b"Date,Close\n2021-01-01,2\n"))
    assert registry.all() == [newer]


def test_another_process_sees_what_was_added(registry: DatasetRegistry, tmp_path: Path) -> None:
    dataset = registry.add("sp500", file(tmp_path))
    assert DatasetRegistry(tmp_path / "host").all() == [dataset]


def test_the_list_is_in_the_order_of_names(registry: DatasetRegistry, tmp_path: Path) -> None:
    assert registry.all() == []
    for name in ("b", "a"):
        registry.add(name, file(tmp_path))
    assert [dataset.name for dataset in registry.all()] == ["a", "b"]


def test_a_parquet_file_is_taken_by_its_content(registry: DatasetRegistry, tmp_path: Path) -> None:
    assert registry.add("p", file(tmp_path, "p.parquet", b"PAR1...PAR1")).sandbox_path == "/data/p.parquet"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("prices.txt", b"a,b\n"),
        ("prices", b"a,b\n"),
        ("prices.csv", b""),
        ("prices.csv", b"  \n "),
        ("prices.csv", b"PK\0\3"),
        ("prices.parquet", b"Date,Close\n"),
    ],
)
def test_a_bad_file_is_refused_and_nothing_is_kept(
    registry: DatasetRegistry, tmp_path: Path, name: str, content: bytes
) -> None:
    with pytest.raises(InvalidInput) as caught:
        registry.add("sp500", file(tmp_path, name, content))
    assert [problem.field for problem in caught.value.problems] == ["file"]
    assert registry.all() == []
    assert [path for path in (tmp_path / "host").rglob("*") if path.is_file()] == []


def test_a_file_that_is_not_there_is_refused(registry: DatasetRegistry, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        registry.add("sp500", tmp_path / "none.csv")


@pytest.mark.parametrize("name", ["", "../x", "a b", "-x", "x" * 129, "/etc/passwd"])
def test_a_bad_name_is_refused_and_nothing_is_kept(registry: DatasetRegistry, tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        registry.add(name, file(tmp_path))
    assert [problem.field for problem in caught.value.problems] == ["name"]
    assert [path for path in (tmp_path / "host").rglob("*") if path.is_file()] == []


def test_an_unknown_name_says_how_to_add_it(registry: DatasetRegistry) -> None:
    with pytest.raises(DatasetUnavailable, match="windtunnel datasets add nasdaq FILE"):
        registry.resolve(("nasdaq",))


@pytest.mark.parametrize("looked_before", [False, True])
def test_a_file_that_was_changed_is_not_used(registry: DatasetRegistry, tmp_path: Path, looked_before: bool) -> None:
    registry.add("sp500", file(tmp_path))
    (path,) = registry.resolve(("sp500",)).values() if looked_before else (tmp_path / "host").rglob("*.csv")
    path.chmod(0o644)
    path.write_text(TEXT.replace("1.5", "9.5"))
    with pytest.raises(DatasetUnavailable, match="has changed"):
        registry.resolve(("sp500",))


def test_a_file_that_is_gone_is_reported(registry: DatasetRegistry, tmp_path: Path) -> None:
    registry.add("sp500", file(tmp_path))
    (path,) = registry.resolve(("sp500",)).values()
    path.unlink()
    with pytest.raises(DatasetUnavailable, match="missing"):
        registry.resolve(("sp500",))


def test_a_broken_index_is_an_error_that_names_the_file(registry: DatasetRegistry, tmp_path: Path) -> None:
    registry.add("sp500", file(tmp_path))
    (index,) = (tmp_path / "host").rglob("index.json")
    index.write_text(json.dumps({"sp500": {}}) + "{")
    with pytest.raises(DatasetUnavailable, match=r"index\.json"):
        registry.resolve(("sp500",))


def test_verifying_reads_the_file_again(tmp_path: Path) -> None:
    source = tmp_path / "prices.csv"
    source.write_text("Date,Close\n2020-01-02,1\n")
    registry = DatasetRegistry(tmp_path)
    dataset = registry.add("prices", source)
    kept = registry.resolve(("prices",))[dataset]
    assert registry.verify("prices") == dataset
    before = kept.stat()
    kept.chmod(0o644)
    kept.write_text("Date,Close\n2020-01-02,2\n")
    os.utime(kept, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(DatasetUnavailable, match="has changed"):
        registry.verify("prices")


def test_a_removed_name_takes_its_file_along_unless_another_name_needs_it(tmp_path: Path) -> None:
    source = tmp_path / "prices.csv"
    source.write_text("Date,Close\n2020-01-02,1\n")
    registry = DatasetRegistry(tmp_path)
    dataset = registry.add("one", source)
    registry.add("two", source)
    kept = registry.resolve(("one",))[dataset]
    registry.remove("one")
    assert kept.exists()
    registry.remove("two")
    assert not kept.exists()
    with pytest.raises(DatasetUnavailable, match="not registered"):
        registry.remove("two")


def test_a_host_that_cannot_keep_a_file_says_so_and_keeps_nothing_of_it(tmp_path: Path) -> None:
    """A limit of file size stands for a full disk."""
    registry = DatasetRegistry(tmp_path / "host")
    registry.add("sp500", file(tmp_path))
    before = sorted((tmp_path / "host" / "datasets").iterdir())
    large = file(tmp_path, "large.csv", b"Date,Close\n" + b"2020-01-01,1.5\n" * 10_000)
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, usual[1]))
    try:
        with pytest.raises(DatasetUnavailable, match="cannot store a file: File too large"):
            registry.add("nasdaq", large)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert sorted((tmp_path / "host" / "datasets").iterdir()) == before
    assert registry.add("nasdaq", large).bytes == large.stat().st_size


def converted(source: Path, target: Path) -> bool:
    target.write_bytes(b"columns of " + source.read_bytes())
    return True


def test_columns_are_kept_beside_the_file_and_go_with_it(registry: DatasetRegistry, tmp_path: Path) -> None:
    dataset = registry.add("sp500", file(tmp_path), converted)
    columns = registry.columns_file(dataset)
    assert columns.read_bytes() == b"columns of " + TEXT.encode()
    assert (dataset.columns_sha256, dataset.columns_path) == (columns.stem, "/data/sp500.arrow")
    registry.add("same", file(tmp_path), converted)
    registry.remove("sp500")
    assert columns.exists()
    registry.remove("same")
    assert [path.name for path in (tmp_path / "host" / "datasets").iterdir()] == ["index.json"]


def test_columns_that_changed_are_refused_as_the_file_is(registry: DatasetRegistry, tmp_path: Path) -> None:
    columns = registry.columns_file(registry.add("sp500", file(tmp_path), converted))
    columns.chmod(0o644)
    columns.write_bytes(b"something else")
    with pytest.raises(DatasetUnavailable, match=columns.name):
        registry.resolve(("sp500",))


def test_a_file_that_cannot_be_converted_is_kept_without_columns(registry: DatasetRegistry, tmp_path: Path) -> None:
    dataset = registry.add("sp500", file(tmp_path), lambda *_: False)
    assert dataset.columns_sha256 == ""
    assert registry.resolve(("sp500",)).keys() == {dataset}
    assert len(list((tmp_path / "host" / "datasets").iterdir())) == 2
