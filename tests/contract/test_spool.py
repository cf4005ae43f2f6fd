"""The spool of the archive: each report is in one part, a part is the same for all who write it, one at a time."""

from __future__ import annotations

from typing import Any

import pytest
from tests.contract.driver import Driver

from windtunnel.records.spool import Part, Waiting


@pytest.fixture
def archiving() -> bool:
    return True


def take(driver: Driver, who: str = "one", *, most: int = 3, after_s: float = 0, lease_s: float = 60) -> Part | None:
    return driver.records.spool.take(who, most=most, after_s=after_s, lease_s=lease_s)


def taken(driver: Driver, **options: Any) -> Part:
    part = take(driver, **options)
    assert part is not None
    return part


def test_reports_of_several_batches_come_in_parts(driver: Driver) -> None:
    batches = [driver.ready(2) for _ in range(2)]
    driver.run_all()
    found = []
    while part := take(driver):
        found.append((part.attempts, part.waiting))
        driver.records.spool.written("one", part)
    assert [(len(attempts), waiting) for attempts, waiting in found] == [(3, 1), (1, 0)]
    assert {**found[0][0], **found[1][0]} == {f"{batch}-{at}": 1 for batch in batches for at in range(2)}
    assert driver.keys.keys("wt:archive*") == []


def test_a_part_waits_until_it_is_full_or_old(driver: Driver) -> None:
    driver.ready(2)
    driver.run_all()
    assert take(driver, after_s=1000) is None
    assert len(taken(driver, most=2, after_s=1000).entries) == 2


def test_what_waits_is_counted_from_the_oldest_on_whether_its_part_has_begun_or_not(driver: Driver) -> None:
    spool = driver.records.spool
    assert spool.waiting() == Waiting(0)
    driver.ready(4)
    driver.run_all()
    before = spool.waiting()
    assert (before.reports, before.since is not None) == (4, True)
    taken(driver)
    assert spool.waiting() == before


def test_somebody_else_gets_the_same_part_when_its_writer_was_killed_or_gave_up(driver: Driver) -> None:
    driver.ready(5)
    driver.run_all()
    first = taken(driver)
    assert take(driver, "two") is None
    driver.keys.delete("wt:archive:turn")  # its lease ran out
    second = taken(driver, who="two")
    assert (second, second.name) == (first, first.name)
    driver.records.spool.not_written("two", second)
    assert taken(driver, who="three") == first


def test_a_writer_that_comes_late_ticks_nothing_off_but_its_own(driver: Driver) -> None:
    driver.ready(5)
    driver.run_all()
    slow = taken(driver)
    driver.keys.delete("wt:archive:turn")
    driver.records.spool.written("two", taken(driver, who="two"))
    following = taken(driver, who="two")
    assert len(following.entries) == 2
    driver.records.spool.written("one", slow)
    assert take(driver, "three") is None
    driver.records.spool.not_written("two", following)
    assert taken(driver, who="three") == following


def test_a_retried_job_is_in_the_spool_with_each_attempt(driver: Driver) -> None:
    batch = driver.ready()
    driver.run_all()
    driver.records.submissions.retry(driver.records.reports.report(f"{batch}-0"), "me")
    driver.run_all()
    assert [entry.rpartition(" ")[0] for entry in taken(driver).entries] == [f"{batch}-0 1", f"{batch}-0 2"]


@pytest.mark.parametrize("key", ["wt:archive", "wt:archive:part"])
def test_damage_costs_no_report_and_stops_nothing(driver: Driver, key: str) -> None:
    driver.keys.set(key, "damaged")
    batch = driver.ready()
    driver.run_all()
    assert driver.outcomes(batch) == {"succeeded": 1}
    driver.keys.rpush("wt:archive", "?", "a b c d", "\x00")
    part = taken(driver, most=100)
    assert part.attempts == {f"{batch}-0": 1}
    driver.records.spool.written("one", part)
    assert take(driver) is None


@pytest.mark.parametrize("digits", [15, 20])
def test_a_report_with_a_damaged_time_holds_none_up(driver: Driver, digits: int) -> None:
    driver.keys.rpush("wt:archive", f"a-0 1 {'9' * digits}", "b-0 1 1")
    assert driver.records.spool.waiting() == Waiting(2)
    assert taken(driver, after_s=60).attempts == {"a-0": 1, "b-0": 1}


def test_nothing_is_spooled_beyond_the_bound(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver.records.reports, "most_spooled", 2)
    batch = driver.ready(4)
    driver.run_all()
    assert sorted(taken(driver, most=100).attempts) == [f"{batch}-2", f"{batch}-3"]
