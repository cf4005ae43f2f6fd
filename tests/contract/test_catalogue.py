"""The catalogue: names, versions, and what becomes of them when a job is submitted."""

from __future__ import annotations

import itertools

import pytest
from tests.contract.driver import Driver
from tests.support import a_version

from windtunnel.client import Client
from windtunnel.contract import Job
from windtunnel.errors import InvalidInput, NotFound
from windtunnel.settings import Settings
from windtunnel.wake import Silent

SESSIONS = itertools.count(100)


@pytest.fixture
def client(driver: Driver) -> Client:
    return Client(settings=Settings(), records=driver.records, broker=Silent())


def stored(driver: Driver) -> dict[str, dict[str, str]]:
    """Job → digests, as a worker reads them, of all jobs that wait."""
    driver.judge()
    found: dict[str, dict[str, str]] = {}
    while claimed := driver.claim(f"here:{next(SESSIONS)}:a"):
        found |= {job.job_id: job.spec.dataset_digests for job in claimed}
    return found


def test_a_name_stands_for_its_newest_version(driver: Driver) -> None:
    catalogue = driver.records.catalogue
    first, second = a_version(number=1), a_version(number=2)
    assert catalogue.add(first)
    assert catalogue.add(second)
    assert catalogue.add(a_version("other"))
    assert catalogue.newest(["sp500", "none"]) == {"sp500": second.sha256}
    assert (catalogue.version("sp500"), catalogue.version("sp500", 1)) == (second, first)
    assert catalogue.versions("sp500") == [first, second]
    assert [one.name for one in catalogue.all()] == catalogue.names() == ["other", "sp500"]


def test_the_same_bytes_under_another_name_are_the_same_data(driver: Driver) -> None:
    catalogue = driver.records.catalogue
    one, newer, apart = a_version("one"), a_version("one", number=2), a_version("apart", number=3)
    for version in (one, newer, apart, one.model_copy(update={"name": "again"})):
        assert catalogue.add(version)
    assert catalogue.sharing(["one"]) == catalogue.sharing(["again"]) == ["again", "one"]
    assert catalogue.sharing(["apart", "unknown"]) == ["apart", "unknown"]


def test_a_version_never_changes(driver: Driver) -> None:
    catalogue = driver.records.catalogue
    assert catalogue.add(a_version())
    assert catalogue.add(a_version())  # the same call, sent again
    assert not catalogue.add(a_version(content="other"))
    assert catalogue.versions("sp500") == [a_version()]


def test_an_older_version_that_comes_back_is_not_the_newest(driver: Driver) -> None:
    catalogue = driver.records.catalogue
    catalogue.add(a_version(number=10))
    catalogue.add(a_version(number=9))
    assert catalogue.newest(["sp500"]) == {"sp500": a_version(number=10).sha256}


def test_what_is_left_counts_after_a_version_was_removed(driver: Driver) -> None:
    catalogue = driver.records.catalogue
    for number in (1, 2, 3):
        catalogue.add(a_version(number=number))
    assert catalogue.remove("sp500", 3) == [a_version(number=3)]
    assert catalogue.newest(["sp500"]) == {"sp500": a_version(number=2).sha256}
    assert len(catalogue.remove("sp500")) == 2
    assert (catalogue.newest(["sp500"]), catalogue.names()) == ({}, [])
    assert list(driver.keys.scan_iter("wt:dataset*")) == []


def test_what_is_not_there_names_what_is(driver: Driver) -> None:
    catalogue = driver.records.catalogue
    catalogue.add(a_version())
    with pytest.raises(NotFound, match="'sp500'"):
        catalogue.version("sp50")
    with pytest.raises(NotFound, match="has no version 7; there are: 1"):
        catalogue.version("sp500", 7)


def test_one_that_cannot_be_read_does_not_hide_the_others(driver: Driver) -> None:
    driver.records.catalogue.add(a_version())
    driver.keys.hset("wt:datasets", "broken", "1 abc")
    driver.keys.hset("wt:dataset:broken", "1", "abc {")
    driver.keys.hset("wt:datasets", b"\xff", b"\xff \xff")
    driver.keys.hset("wt:dataset:sp500", "x", b"\xff \xff")
    catalogue = driver.records.catalogue
    assert catalogue.all() == catalogue.versions("sp500") == [a_version()]
    assert catalogue.newest(["sp500"]) == {"sp500": a_version().sha256}
    assert catalogue.digests("sp500")[a_version().sha256] == 1
    with pytest.raises(NotFound, match="'sp500'"):
        catalogue.version("sp50")


# -- when a job is submitted -----------------------------------------------------------------------------


def test_a_job_is_stored_with_the_digests_of_its_datasets(driver: Driver, client: Client) -> None:
    driver.records.catalogue.add(a_version("a"))
    driver.records.catalogue.add(a_version("b"))
    batch = client.submit_batch([Job(code="1", datasets=("a", "b")), Job(code="1"), Job(code="1", datasets=("a",))])
    a, b = a_version("a").sha256, a_version("b").sha256
    driver.records.catalogue.add(a_version("a", 2))
    assert stored(driver) == {f"{batch}-0": {"a": a, "b": b}, f"{batch}-1": {}, f"{batch}-2": {"a": a}}
    later = client.submit(Job(code="1", datasets=("a",)))
    assert stored(driver) == {later: {"a": a_version("a", 2).sha256}}


def test_unknown_datasets_are_refused_with_the_nearest_and_nothing_is_stored(driver: Driver, client: Client) -> None:
    driver.records.catalogue.add(a_version("sp500"))
    driver.records.catalogue.add(a_version("nasdaq"))
    before = sorted(driver.keys.scan_iter("*"))
    with pytest.raises(InvalidInput, match="nearest are 'sp500'") as caught:
        client.submit_batch([Job(code="1", datasets=("sp500", "nasdak")), Job(code="1", datasets=("sp50",))])
    assert [problem.field for problem in caught.value.problems] == ["datasets", "datasets"]
    assert "'nasdaq'" in str(caught.value)
    assert "windtunnel datasets add" in str(caught.value)
    assert sorted(driver.keys.scan_iter("*")) == before


def test_a_job_may_ask_for_an_older_version(driver: Driver, client: Client) -> None:
    old, new = a_version(number=1), a_version(number=2)
    driver.records.catalogue.add(old)
    driver.records.catalogue.add(new)
    job = Job(code="1", datasets=("sp500",), dataset_digests={"sp500": old.sha256})
    submitted = client.submit(job)
    assert stored(driver) == {submitted: {"sp500": old.sha256}}
    with pytest.raises(
        InvalidInput, match=r"dataset_digests\.sp500: no version has the digest 000000000000…"
    ) as caught:
        client.submit(Job(code="1", datasets=("sp500",), dataset_digests={"sp500": "0" * 64}))
    assert f"1 ({old.sha256[:12]}…)" in str(caught.value)


def test_digests_must_be_those_of_the_jobs_datasets() -> None:
    with pytest.raises(InvalidInput, match="which `datasets` does not name"):
        Job(code="1", datasets=("a",), dataset_digests={"b": "0" * 64})
    with pytest.raises(InvalidInput, match="pattern"):
        Job(code="1", datasets=("a",), dataset_digests={"a": "latest"})


def test_a_key_stands_for_what_was_submitted_whatever_became_of_its_datasets(driver: Driver, client: Client) -> None:
    driver.records.catalogue.add(a_version(number=1))
    job = Job(code="1", datasets=("sp500",), idempotency_key="k")
    first = client.submit(job)
    driver.records.catalogue.add(a_version(number=2))
    assert client.submit(job) == first
