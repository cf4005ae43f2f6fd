"""The store: bytes under their digest, in a folder, in memory and on a real S3 server."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from windtunnel.errors import FileStoreUnavailable, ObjectUnusable
from windtunnel.store import FRESH_S, Store

CONTENT = b"Date,Close\n2020-01-01,1.5\n"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(params=["folder", "memory", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "s3":
        yield Store(request.getfixturevalue("s3_bucket"))
    elif request.param == "memory":
        yield Store(f"memory://test-{tmp_path.name}")
    else:
        yield Store(str(tmp_path / "store"))


def test_what_was_put_comes_back(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    file.write_bytes(CONTENT)
    assert not store.has(SHA256)
    assert store.put(file) == store.put(CONTENT) == SHA256
    assert (store.has(SHA256), store.get(SHA256)) == (True, CONTENT)
    ((one),) = store.objects()
    assert (one.sha256, one.bytes) == (SHA256, len(CONTENT))
    assert abs(one.written_at - time.time()) < 60
    store.delete(SHA256)
    store.delete(SHA256)
    assert (store.has(SHA256), list(store.objects())) == (False, [])
    with pytest.raises(ObjectUnusable, match="has no"):
        store.get(SHA256)


def test_large_bytes_come_in_parts(store: Store) -> None:
    large = os.urandom(9 * 2**20)
    sha256 = store.put(large)
    parts = list(store.chunks(sha256))
    assert (len(parts) > 1, b"".join(parts) == large) == (True, True)


def test_documents_are_found_by_folder(store: Store) -> None:
    assert store.documents("catalogue") == []
    assert store.read("catalogue/a/1.json") is None
    assert not store.exists("catalogue/a/1.json")
    for path in ("catalogue/a/1.json", "catalogue/a/2.json", "catalogue/ab/1.json"):
        store.write(path, path.encode())
    store.write("catalogue/a/2.json", b"newer")
    assert store.exists("catalogue/a/2.json")
    assert [path for path, _ in store.documents("catalogue/a")] == ["catalogue/a/1.json", "catalogue/a/2.json"]
    assert len(store.documents("catalogue")) == 3
    assert store.read("catalogue/a/2.json") == b"newer"
    store.remove("catalogue/a/2.json")
    assert store.read("catalogue/a/2.json") is None


def test_many_may_put_the_same_at_the_same_time(store: Store) -> None:
    content = os.urandom(2**20)
    digests: list[str] = []
    threads = [threading.Thread(target=lambda: digests.append(store.put(content))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(digests) == {hashlib.sha256(content).hexdigest()}
    assert store.get(digests[0]) == content


# -- a folder --------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


def blob(folder: Path, sha256: str = SHA256) -> Path:
    return folder / "blobs" / sha256[:2] / sha256


def modes(folder: Path) -> set[tuple[bool, int]]:
    return {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in (folder, *folder.rglob("*"))}


def test_only_this_user_may_read_it(folder: Path) -> None:
    Store(str(folder)).put(CONTENT)
    assert modes(folder) == {(True, 0o700), (False, 0o600)}


def test_a_folder_that_a_group_shares_stays_shared(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o770)
    Store(str(folder)).put(CONTENT)
    assert modes(folder) == {(True, 0o770), (False, 0o660)}


def test_other_bytes_than_were_put_are_never_given_for_them(folder: Path) -> None:
    store = Store(str(folder))
    store.put(CONTENT)
    blob(folder).write_bytes(CONTENT.replace(b"1.5", b"9.5"))
    with pytest.raises(ObjectUnusable, match="other bytes"):
        store.get(SHA256)


def test_a_file_that_was_cut_off_is_written_again(folder: Path) -> None:
    store = Store(str(folder))
    store.put(CONTENT)
    blob(folder).write_bytes(CONTENT[:5])
    store.put(CONTENT)
    assert store.get(SHA256) == CONTENT


def test_what_is_there_is_not_written_again_unless_it_is_old(folder: Path) -> None:
    store = Store(str(folder))
    store.put(CONTENT)
    first = blob(folder).stat().st_ino
    store.put(CONTENT)
    assert blob(folder).stat().st_ino == first
    long_ago = time.time() - 2 * FRESH_S
    os.utime(blob(folder), (long_ago, long_ago))
    store.put(CONTENT)
    ((one),) = store.objects()
    assert one.written_at > long_ago + FRESH_S


def test_nothing_is_left_of_a_file_that_could_not_be_written(folder: Path, tmp_path: Path) -> None:
    store = Store(str(folder))
    with pytest.raises(FileNotFoundError):
        store.put(tmp_path / "none")
    folder.mkdir()
    (folder / "blobs").write_text("in the way")
    with pytest.raises(FileStoreUnavailable, match=r"cannot keep a file.*WINDTUNNEL_STORE_URL"):
        store.put(CONTENT)
    assert sorted(folder.rglob("*")) == [folder / "blobs"]


def test_what_a_writer_that_died_left_is_removed_later(folder: Path) -> None:
    store = Store(str(folder))
    store.put(CONTENT)
    left = blob(folder).with_name(f"{SHA256}.0123.part")
    left.write_bytes(b"half")
    assert (store.remove_leftovers(3600), left.exists()) == (0, True)
    os.utime(left, (0, 0))
    assert (store.remove_leftovers(3600), left.exists()) == (1, False)
    assert store.has(SHA256)


# -- one that is away ------------------------------------------------------------------------------------


def test_a_store_that_is_away_is_named_without_its_secrets() -> None:
    store = Store("ftp://user:s3cr3t@127.0.0.1:1/store")
    with pytest.raises(FileStoreUnavailable) as caught:
        store.put(CONTENT)
    assert "ftp://user:***@127.0.0.1:1/store" in str(caught.value)
    assert "s3cr3t" not in str(caught.value) + repr(store)
    assert Store("s3://key:s3cr3t@bucket/a?token=s3cr3t").name == "s3://key:***@bucket/a?token=***"


def test_a_bucket_that_is_not_there_is_told(s3_bucket: str) -> None:
    with pytest.raises(FileStoreUnavailable, match="none-such"):
        Store("s3://none-such/prefix").put(CONTENT)
    assert s3_bucket
