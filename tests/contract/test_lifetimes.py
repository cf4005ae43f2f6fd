"""Every key: its name, type and lifetime are those that `keyspace.py` documents."""

from __future__ import annotations

from typing import Any

import pytest
from tests import scored
from tests.contract.driver import HERE, Driver, documented
from tests.support import a_report, a_version, an_attempt

from windtunnel.contract import Isolation, Outcome, Sample, SecurityLevel, Webhook
from windtunnel.keyspace import MAX_SAMPLES
from windtunnel.records.schedule import VALIDATE

SAMPLE = Sample(elapsed_s=0.2, cpu_time_s=0.1, cpu_percent=50.5, memory_mb=60.25, io_operations=3, processes=2)


def busy(driver: Driver) -> None:
    """Something of everything, at once."""
    driver.host("here", has=["language:python"], slots=2)
    driver.records.hosts.announce({"-": "ta"})
    driver.keys.hset("wt:weights", "default", "1")
    driver.keys.hset("wt:caps", "default", "100")
    driver.keys.hset("wt:trials:default:sp500", "0" * 64, "0.1")
    driver.keys.hset("wt:trials:default:sp500:more", "flat", "1")
    driver.keys.hset("wt:holdouts:sp500", "1" * 64, "0 1")
    driver.records.promotions.claim("x = 1", "python", {"prices": "1" * 64}, "batch-0")
    finished = driver.submit(2, idempotency_key="k")
    driver.judge()
    driver.run_all()
    driver.records.submissions.retry(a_report(f"{finished}-0"), "me")
    driver.run_all()
    driver.submit(1, codes=["import os"])
    driver.judge(SecurityLevel.CRITICAL)
    driver.ready(1, webhook=Webhook(url="https://hooks.example.com"))
    driver.run_all()
    driver.ready(1)
    driver.executed(driver.claim()[0])
    driver.finish(driver.records.reports.take(1), score=scored.report(0, scored.edge()).score)
    driver.keys.hset("wt:allowance:agent:2024-01-02", "jobs", 1)
    driver.keys.hset("wt:allowance:agent:open", "batch", "2024-01-02 1")
    driver.keys.set("wt:allowance:agent:paid:digest", "batch")
    driver.keys.hset("wt:trials:default:prices:more", "scored", 1)  # what comes after 100,000 trials
    driver.keys.rpush("wt:archive", "b-0 1 1", "b-1 1 1")
    driver.records.spool.take("archiver", most=1, after_s=0, lease_s=60)
    driver.ready(1, image="missing:1")
    driver.records.catalogue.add(a_version("sp500"))
    driver.records.catalogue.add(a_version("gone"))
    driver.records.catalogue.remove("gone")
    driver.ready(20, isolation=Isolation.CELL, owner="someone", priority=0, pool="default")
    driver.records.hosts.holds_images("here", {"language:python": "sha256:1"})
    driver.ready(2, params={}, cache=True, priority=9)
    driver.executed(driver.claim()[0], seconds=0.01)
    (paused, *_) = driver.claim("here:2:a", most=3)
    driver.records.schedule.try_again("here:2:a", paused, an_attempt(), 60, 3)
    held = driver.claim(most=5)
    assert driver.records.reports.add_samples(held[0].job_id, 1, [SAMPLE]) == held[0].token
    driver.executed(held[0])
    assert not driver.records.reports.add_samples(held[0].job_id, 1, [SAMPLE])
    driver.submit(2)
    driver.claim("validator:1:a", queue=VALIDATE)
    driver.write(driver.opened(batch := driver.batch(3, idempotency_key="other")), batch, 1)
    driver.reconcile()
    driver.records.care.set_aside("execute", "unreadable", b"{")


def test_every_key_is_in_the_table_with_its_type(driver: Driver) -> None:
    busy(driver)
    rows = documented()
    seen: set[Any] = set()
    for key in driver.keys.scan_iter("wt:*", count=1000):
        found = [row for row in rows if row[0].fullmatch(key)]
        assert found, key
        assert driver.keys.type(key) in {row[1] for row in found}, key
        seen.update(row[0].pattern for row in found)
    assert {row[0].pattern for row in rows} - seen == set()


def test_nothing_of_an_unfinished_job_has_a_lifetime(driver: Driver) -> None:
    batch = driver.batch(1, idempotency_key="k")
    opened = driver.opened(batch)
    driver.write(opened, batch)

    def lasting() -> set[str]:
        names = (opened.batch_id, "wt:code", "wt:idempotency", "wt:uses")
        mine = [key for key in driver.keys.scan_iter("wt:*") if any(name in key for name in names)]
        return {key for key in mine if driver.keys.ttl(key) >= 0}

    assert lasting() == set()
    driver.judge()
    (job,) = driver.claim()
    driver.records.schedule.try_again(HERE, job, an_attempt(), 0, 3)
    assert lasting() == set()
    driver.executed(driver.claim()[0])
    assert lasting() == set()
    driver.finalize()
    assert len(lasting()) >= 5
    driver.records.submissions.retry(a_report(f"{opened.batch_id}-0", attempt=2), "me")
    assert lasting() == set()


def test_everything_of_a_finished_batch_expires(driver: Driver) -> None:
    driver.submit(3, idempotency_key="k", codes=["print(1)", "print(2)"])
    driver.judge()
    (job,) = driver.claim()
    driver.records.reports.add_samples(job.job_id, 1, [SAMPLE])
    driver.records.schedule.try_again(HERE, job, an_attempt(), 0, 3)
    driver.run_all()
    names = "batch-list counters metrics queues seconds hosts host:here host:here:has host:here:workers"
    for_ever = {f"wt:{name}" for name in (*names.split(), "queue:validate", "queue:execute.default")}
    assert {key for key in driver.keys.scan_iter("wt:*") if driver.keys.ttl(key) < 0} == for_ever
    assert driver.left_in_the_schedule() == []


@pytest.mark.parametrize("end", ["finished", "cancelled", "rejected"])
def test_a_program_lives_for_as_long_as_any_batch_needs_it(driver: Driver, end: str) -> None:
    first, second = driver.submit(2), driver.submit(1)
    (code,) = driver.keys.keys("wt:code:*")
    if end == "cancelled":
        driver.cancel(first)
    elif end == "rejected":
        claimed = driver.claim(queue=VALIDATE, most=2)
        driver.records.submissions.cancel([job.job_id for job in claimed], "me")
    else:
        driver.judge()
        for _ in range(2):
            job = driver.claim()[0]
            driver.executed(job)
    driver.finalize()
    assert driver.keys.ttl(code) == -1
    driver.cancel(second)
    driver.run_all()
    assert 0 < driver.keys.ttl(code) <= 1000
    third = driver.submit(1)
    assert driver.keys.ttl(code) == -1
    assert driver.run_all() == [f"{third}-0"]


def test_a_verdict_outlives_the_last_report_that_shows_it(driver: Driver) -> None:
    driver.ready()
    (verdict,) = driver.keys.keys("wt:verdict:*")
    driver.keys.expire(verdict, 5)
    driver.run_all()
    assert driver.keys.ttl(verdict) > 5


def test_samples_come_back_as_they_were_and_are_bounded(real: Driver) -> None:
    reports = real.records.reports
    reports.add_samples("b-0", 1, [SAMPLE])
    assert (reports.samples("b-0", 1), reports.samples("b-0", 2)) == ([SAMPLE], [])
    reports.add_samples("b-0", 1, [SAMPLE] * (3 * MAX_SAMPLES))
    assert real.keys.xlen("wt:job:b-0:samples:1") <= MAX_SAMPLES + 200


def test_messages_that_could_not_be_read_are_kept_within_bounds(real: Driver) -> None:
    care = real.records.care
    for at in range(1010):
        care.set_aside("execute", "no list", b"\xff" * 10_000 + str(at).encode())
    letters = care.dead_letters(2000)
    assert len(letters) == 1000
    assert len(letters[0].body) <= 500
    assert (letters[0].queue, letters[0].reason) == ("execute", "no list")


def test_a_host_is_forgotten_after_a_day(driver: Driver) -> None:
    driver.host("here", has=[f"image:own:{at}" for at in range(9000)])
    driver.keys.zadd("wt:hosts", {"here": 1})
    driver.reconcile()
    assert driver.records.hosts.all() == []
    assert driver.keys.keys("wt:host:*") == []


def test_only_one_reconciles_at_a_time(driver: Driver) -> None:
    driver.reconcile()
    arguments = {"turn_s": 5.0, "max_attempts": 3, "max_faults": 3, "patience_s": 15.0}
    assert driver.records.care.reconcile("another", **arguments) is None  # type: ignore[arg-type]
    driver.keys.delete("wt:reconciler")
    assert driver.records.care.reconcile("another", **arguments) is not None  # type: ignore[arg-type]


def test_an_outcome_is_counted_under_its_own_name(driver: Driver) -> None:
    for outcome in Outcome:
        batch = driver.ready()
        driver.run_all(outcome=outcome)
        assert driver.outcomes(batch) == {outcome.value: 1}
