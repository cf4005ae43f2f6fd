"""Datasets: added anywhere, held by hosts as far as their cache goes, trusted by content."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import resource
import socket
import stat
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from windtunnel.client.datasets import Datasets
from windtunnel.client.taking import take
from windtunnel.contract import DatasetVersion
from windtunnel.errors import DatasetUnavailable, FileStoreUnavailable, InvalidInput, NotFound, ObjectUnusable
from windtunnel.records.memory import records_in_memory
from windtunnel.store import Store
from windtunnel_worker.datasets import DatasetCache
from windtunnel_worker.sandbox.neutral import neutral_path

TEXT = "Date,Close\n2020-01-01,1.5\n2020-01-02,2.5\n"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "store"))


@pytest.fixture
def known(store: Store) -> Datasets:
    return Datasets(records_in_memory().catalogue, lambda: store, max_bytes=2**20, who="client:me")


def a_file(folder: Path, text: str = TEXT, name: str = "prices.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


# -- adding ----------------------------------------------------------------------------------------------


def test_a_file_becomes_the_first_version(known: Datasets, store: Store, tmp_path: Path) -> None:
    version = known.add("sp500", a_file(tmp_path))
    assert (version.name, version.version, version.format, version.bytes) == ("sp500", 1, "csv", len(TEXT))
    assert version.sha256 == version.source_sha256 == hashlib.sha256(TEXT.encode()).hexdigest()
    assert (version.source, version.added_by, version.facts.rows) == ("prices.csv", "client:me", 2)
    assert store.get(version.sha256) == TEXT.encode()
    assert [store.has(sha256) for sha256 in version.digests] == [True, True]
    assert known.list() == known.versions("sp500") == [known.show("sp500")] == [version]


def test_new_content_is_a_new_version_and_the_same_is_none(known: Datasets, tmp_path: Path) -> None:
    first = known.add("sp500", a_file(tmp_path))
    assert known.add("sp500", str(a_file(tmp_path))) == first
    second = known.add("sp500", a_file(tmp_path, TEXT + "2020-01-03,3\n"))
    assert (second.version, known.show("sp500").version, known.show("sp500", 1)) == (2, 2, first)
    assert known.add("sp500", a_file(tmp_path)).version == 3
    assert known.add("other", a_file(tmp_path)).version == 1


def test_the_original_may_change_or_go(known: Datasets, tmp_path: Path) -> None:
    file = a_file(tmp_path)
    known.add("sp500", file)
    file.unlink()
    assert known.verify("sp500") == known.versions("sp500")


@pytest.mark.parametrize("name", ["../up", "a/b", "", ".hidden", "a" * 129, "two words"])
def test_a_bad_name_is_refused_and_nothing_is_kept(known: Datasets, tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be a dataset's name"):
        known.add(name, a_file(tmp_path))
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("name", ["prices.txt", "PRICES.TSV", "prices"])
def test_what_a_file_is_its_content_shows(known: Datasets, tmp_path: Path, name: str) -> None:
    first = known.add("sp500", a_file(tmp_path, name=name))
    assert (first.format, first.facts.rows, first.source) == ("csv", 2, name)
    pd.read_csv(tmp_path / name).to_parquet(tmp_path / "as.csv")
    assert known.add("sp500", tmp_path / "as.csv").format == "parquet"


def odd_files(folder: Path) -> dict[str, Path]:
    link, fifo, place, unix = (folder / f"{name}.csv" for name in ("link", "fifo", "place", "socket"))
    link.symlink_to(a_file(folder))
    os.mkfifo(fifo)
    place.mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(unix))
    return {"link": link, "fifo": fifo, "folder": place, "socket": unix, "none": folder / "none.csv"}


@pytest.mark.parametrize("kind", ["link", "fifo", "folder", "socket", "none", "device", "zip", "large"])
def test_only_regular_files_of_a_bounded_size_are_taken(
    known: Datasets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    places = odd_files(tmp_path) | {"zip": a_file(tmp_path, "PK\3\4…", name="prices.csv")}
    places["device"] = tmp_path / "zero.csv"
    places["large"] = a_file(tmp_path, "x" * (2**20 + 1), name="large.csv")
    if kind == "device":
        places["device"].symlink_to("/dev/zero")
    left = tmp_path / "temporary"
    left.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(left))
    with pytest.raises(InvalidInput) as caught:
        known.add("sp500", places[kind])
    assert caught.value.remedy
    assert ("WINDTUNNEL_DATASET_MAX_MB" in str(caught.value)) == (kind == "large")
    assert (list(left.iterdir()), (tmp_path / "store").exists()) == ([], False)


def test_nothing_is_copied_of_a_file_that_says_that_it_is_too_large(tmp_path: Path) -> None:
    with (tmp_path / "large.csv").open("wb") as file:
        file.truncate(2**26)
    folder = tmp_path / "copies"
    folder.mkdir()
    with pytest.raises(InvalidInput, match="larger than 63 MB"):
        take(tmp_path / "large.csv", folder, 63 * 2**20)
    assert sum(copy.stat().st_size for copy in folder.iterdir()) == 0


def test_nothing_is_left_when_somebody_interrupts(
    known: Datasets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = tmp_path / "temporary"
    left.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(left))

    def interrupt(*_: object) -> None:
        assert [stat.S_IMODE(path.stat().st_mode) for path in left.rglob("*")] == [0o700, 0o600]
        raise KeyboardInterrupt

    monkeypatch.setattr("windtunnel.datasets.inspection.inspect", interrupt)
    with pytest.raises(KeyboardInterrupt):
        known.add("sp500", a_file(tmp_path))
    assert list(left.iterdir()) == []


# -- what is known ---------------------------------------------------------------------------------------


def test_a_redis_that_has_lost_all_is_filled_from_the_store(known: Datasets, store: Store, tmp_path: Path) -> None:
    known.add("sp500", a_file(tmp_path))
    known.add("sp500", a_file(tmp_path, TEXT + "2020-01-03,3\n"))
    known.add("nasdaq", a_file(tmp_path))
    fresh = Datasets(records_in_memory().catalogue, lambda: store, max_bytes=2**20)
    assert [one.name for one in fresh.restore("nasdaq")] == ["nasdaq"]
    assert [(one.name, one.version) for one in fresh.restore()] == [("sp500", 1), ("sp500", 2)]
    assert (fresh.restore(), fresh.list()) == ([], known.list())


def test_a_number_that_the_store_has_is_not_given_again(known: Datasets, store: Store, tmp_path: Path) -> None:
    known.add("sp500", a_file(tmp_path))
    forgetful = Datasets(records_in_memory().catalogue, lambda: store, max_bytes=2**20)
    assert forgetful.add("sp500", a_file(tmp_path, TEXT + "2020-01-03,3\n")).version == 2


def test_without_redis_the_store_alone_knows(known: Datasets, store: Store, tmp_path: Path) -> None:
    alone = Datasets(None, lambda: store, max_bytes=2**20)
    version = alone.add("sp500", a_file(tmp_path))
    assert (alone.show("sp500"), alone.list(), alone.add("sp500", a_file(tmp_path))) == (version, [version], version)
    assert known.restore() == [version]
    with pytest.raises(NotFound, match="has no dataset none"):
        known.restore("sp500", "none")
    with pytest.raises(NotFound, match="has no dataset 'none'"):
        alone.show("none")


def test_what_was_removed_is_gone_for_new_jobs_only(known: Datasets, store: Store, tmp_path: Path) -> None:
    version = known.add("sp500", a_file(tmp_path))
    assert known.remove("sp500") == [version]
    with pytest.raises(NotFound):
        known.show("sp500")
    assert known.restore() == []
    assert a_cache(tmp_path, store).fetch({"sp500": version.sha256}, columns=False)[0].file.read_text() == TEXT


def test_verify_reads_every_version_and_finds_what_is_damaged(known: Datasets, store: Store, tmp_path: Path) -> None:
    version = known.add("sp500", a_file(tmp_path))
    assert version.columns_sha256
    store.delete(version.columns_sha256)
    with pytest.raises(ObjectUnusable, match=r"Version 1 of 'sp500': .* has no"):
        known.verify("sp500")


# -- a host's cache --------------------------------------------------------------------------------------


def a_cache(folder: Path, store: Store, most_bytes: int = 2**20, host: str = "host") -> DatasetCache:
    return DatasetCache(folder / host, store, folder / f"{host}-locks", most_bytes)


class CountingStore(Store):
    """Counts how often bytes are read out of it."""

    reads = 0

    def chunks(self, sha256: str) -> Iterator[bytes]:
        type(self).reads += 1
        return super().chunks(sha256)


@pytest.fixture
def counting() -> type[CountingStore]:
    CountingStore.reads = 0
    return CountingStore


def test_what_is_lacking_is_fetched_and_checked(known: Datasets, store: Store, tmp_path: Path) -> None:
    version = known.add("sp500", a_file(tmp_path))
    cache = a_cache(tmp_path, store)
    digests = {"sp500": version.sha256}
    assert cache.known(digests, columns=True) is None
    found = cache.fetch(digests, columns=True)
    ((one),) = found
    assert (one.file.read_text(), one.sandbox_path, one.columns_path) == (TEXT, "/data/sp500.csv", "/data/sp500.arrow")
    assert one.columns is not None
    assert [stat.S_IMODE(path.stat().st_mode) for path in (one.file, one.columns, one.file.parent)] == [
        *(0o444, 0o444, 0o711)
    ]
    mounted = neutral_path(one.file)
    assert (mounted.read_text(), stat.S_IMODE(mounted.parent.stat().st_mode)) == (TEXT, 0o711)
    assert cache.known(digests, columns=True) is found
    assert cache.known(digests, columns=False) is None
    store.delete(version.sha256)  # it is here: the store is not asked
    assert a_cache(tmp_path, store).fetch(digests, columns=False)[0].version == version


def test_two_slots_may_remove_the_same_links_that_are_left_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text("1")
    left = neutral_path(first)
    first.unlink()
    second.write_text("2")
    scandir = os.scandir

    def listed_before_another_removed_it(folder: Path) -> list[os.DirEntry[str]]:
        found = list(scandir(folder))
        left.unlink()
        return found

    monkeypatch.setattr(os, "scandir", listed_before_another_removed_it)
    assert neutral_path(second).parent == left.parent


@pytest.mark.parametrize("looked_before", [True, False])
def test_a_file_that_was_changed_on_the_host_is_fetched_again(
    known: Datasets, store: Store, tmp_path: Path, looked_before: bool
) -> None:
    digests = {"sp500": known.add("sp500", a_file(tmp_path)).sha256}
    cache = a_cache(tmp_path, store)
    (one,) = cache.fetch(digests, columns=False)
    one.file.chmod(0o644)
    one.file.write_text(TEXT.replace("1.5", "9.5"))
    assert cache.known(digests, columns=False) is None
    cache = cache if looked_before else a_cache(tmp_path, store)
    assert cache.fetch(digests, columns=False)[0].file.read_text() == TEXT


def test_the_bytes_are_fetched_once_however_many_ask(
    known: Datasets, counting: type[CountingStore], tmp_path: Path
) -> None:
    digests = {"sp500": known.add("sp500", a_file(tmp_path)).sha256}
    found: list[Any] = []

    def fetch() -> None:
        store = counting(str(tmp_path / "store"))
        found.extend(a_cache(tmp_path, store).fetch(digests, columns=True))

    threads = [threading.Thread(target=fetch) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(found), counting.reads) == (16, 2)  # the file and its columns


def _fetch_as_process(folder: Path, digests: dict[str, str], begin: Any, reads: Any) -> None:
    begin.wait()
    CountingStore.reads = 0
    a_cache(folder, CountingStore(str(folder / "store"))).fetch(digests, columns=True)
    reads.put(CountingStore.reads)


def test_the_bytes_are_fetched_once_for_all_processes_of_a_host(known: Datasets, tmp_path: Path) -> None:
    digests = {"sp500": known.add("sp500", a_file(tmp_path)).sha256}
    context = multiprocessing.get_context("spawn")
    begin, reads = context.Barrier(4), context.Queue()
    workers = [context.Process(target=_fetch_as_process, args=(tmp_path, digests, begin, reads)) for _ in range(4)]
    for worker in workers:
        worker.start()
    assert sum(reads.get(timeout=240) for _ in workers) == 2
    for worker in workers:
        worker.join()
        worker.close()
    reads.close()
    reads.join_thread()


def test_what_was_not_used_for_longest_goes_first(known: Datasets, store: Store, tmp_path: Path) -> None:
    versions = {
        name: known.add(name, a_file(tmp_path, "n,v\n" + f"{number},{number}\n" * 2500))
        for number, name in enumerate("abc", 1)
    }
    size = versions["a"].bytes

    def fetch(*names: str) -> None:
        cache.fetch({name: versions[name].sha256 for name in names}, columns=False)

    def kept() -> set[str]:
        return {name for name, one in versions.items() if (tmp_path / "host" / one.sha256).exists()}

    cache = a_cache(tmp_path, store, most_bytes=2 * size + 1)
    fetch("a")
    fetch("b")
    os.utime(tmp_path / "host" / versions["b"].sha256, (1, (tmp_path / "host" / versions["b"].sha256).stat().st_mtime))
    fetch("c")
    assert kept() == {"a", "c"}
    fetch("a", "b")
    assert kept() == {"a", "b"}
    with pytest.raises(DatasetUnavailable, match="WINDTUNNEL_DATASET_CACHE_MB"):
        fetch("a", "b", "c")


def test_a_host_whose_disk_is_full_says_so_and_keeps_nothing_half(
    known: Datasets, store: Store, tmp_path: Path
) -> None:
    digests = {"sp500": known.add("sp500", a_file(tmp_path, "n,v\n" + "1,2\n" * 50_000)).sha256}
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(DatasetUnavailable, match=r"cannot keep a dataset: File too large.*WINDTUNNEL_DATA_DIR"):
            a_cache(tmp_path, store).fetch(digests, columns=False)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert files(tmp_path / "host") == [f"{digests['sp500']}.json"]


def damaged(version: DatasetVersion, how: str, folder: Path) -> None:
    blob = folder / "store" / "blobs" / version.sha256[:2] / version.sha256
    if how == "gone":
        blob.unlink()
    else:
        blob.write_text({"changed": TEXT.replace("1.5", "9.5"), "longer": TEXT * 100, "cut": TEXT[:9]}[how])


@pytest.mark.parametrize("how", ["gone", "changed", "longer", "cut"])
def test_bytes_that_are_not_those_of_the_digest_are_never_kept(
    known: Datasets, store: Store, tmp_path: Path, how: str
) -> None:
    version = known.add("sp500", a_file(tmp_path))
    damaged(version, how, tmp_path)
    with pytest.raises(ObjectUnusable):
        a_cache(tmp_path, store).fetch({"sp500": version.sha256}, columns=False)
    assert files(tmp_path / "host") == [f"{version.sha256}.json"]


def test_a_digest_that_the_store_does_not_know(store: Store, tmp_path: Path) -> None:
    with pytest.raises(ObjectUnusable, match="windtunnel datasets add sp500 FILE"):
        a_cache(tmp_path, store).fetch({"sp500": "0" * 64}, columns=False)


def test_a_store_that_is_away_is_a_fault_of_the_machinery(tmp_path: Path) -> None:
    with pytest.raises(FileStoreUnavailable):
        a_cache(tmp_path, Store("ftp://127.0.0.1:1/store")).fetch({"sp500": "0" * 64}, columns=False)


def test_two_hosts_get_their_own_copies_out_of_a_real_s3(tmp_path: Path, s3_bucket: str) -> None:
    store = Store(s3_bucket)
    version = Datasets(records_in_memory().catalogue, lambda: store, max_bytes=2**20).add("sp500", a_file(tmp_path))
    for host in ("one", "other"):
        (found,) = a_cache(tmp_path, Store(s3_bucket), host=host).fetch({"sp500": version.sha256}, columns=True)
        assert (found.file.parent.name, found.file.read_text()) == (host, TEXT)
