"""Counters are kept by the step that records what they count, and the schedule can be measured."""

from __future__ import annotations

import pytest
from tests.contract.driver import HERE, THERE, Driver
from tests.support import an_attempt

from windtunnel.contract import Outcome, SecurityLevel


def counter(driver: Driver, name: str) -> float:
    return driver.records.metrics.read().counters.get(name, 0.0)


def test_each_report_is_counted_once_with_its_stages(driver: Driver) -> None:
    driver.ready(3)
    for outcome in (Outcome.SUCCEEDED, Outcome.SUCCEEDED, Outcome.TIMED_OUT):
        driver.executed(driver.claim()[0], outcome=outcome)
    taken = driver.records.reports.take(50)
    assert driver.finish(taken) == [True] * 3
    assert driver.finish(taken) == [False] * 3
    counters = driver.records.metrics.read().counters
    assert {name: count for name, count in counters.items() if name.startswith(("jobs", "limit"))} == {
        "jobs:succeeded": 2,
        "jobs:timed_out": 1,
        "limit:time": 1,
    }
    assert counters["stage:total:sum"] == 3.0
    assert counters["stage:total:7"] == 3


def test_what_goes_wrong_is_counted(driver: Driver) -> None:
    driver.ready(3)
    driver.records.schedule.try_again(HERE, driver.claim()[0], an_attempt(), 0, 3)
    driver.records.schedule.faulted(HERE, driver.claim()[0], "broke", 60, 3)
    driver.claim(THERE)
    driver.expire(THERE)
    driver.reconcile(max_attempts=1)
    driver.records.hosts.failed("here", "no space", 1)
    driver.records.metrics.add({"orphans": 2})
    counters = driver.records.metrics.read().counters
    wanted = ("retries", "faults", "recoveries", "lost", "host_failures", "host_pauses", "orphans")
    assert [counters.get(name) for name in wanted] == [1, 1, 1, 1, 1, 1, 2]


def test_the_schedule_is_measured_by_queue_class_and_owner(driver: Driver) -> None:
    driver.host("here", slots=2)
    driver.ready(3, owner="alice", priority=0)
    driver.ready(2, owner="bob")
    driver.submit(4, owner="bob", codes=["import os"])
    driver.claim()
    found = driver.records.metrics.read()
    assert {(one.queue, one.priority, one.owner): one.jobs for one in found.waiting} == {
        ("execute.default", "0", "alice"): 2,
        ("execute.default", "5", "bob"): 2,
        ("validate", "5", "bob"): 4,
    }
    assert all(0 <= one.oldest_s < 60 for one in found.waiting)
    assert found.running == {"alice": 1}
    assert found.unfinished == 9
    assert {queue.name: queue.waiting for queue in found.queues} == {"execute.default": 4, "validate": 4}
    assert [(host.host, host.slots, host.busy) for host in found.hosts] == [("here", 2, 1)]
    driver.judge(SecurityLevel.CRITICAL)
    driver.finalize()
    assert counter(driver, "jobs:rejected") == 4


def test_a_damaged_counter_costs_nobody_a_report(driver: Driver) -> None:
    driver.keys.hset("wt:metrics", "jobs:succeeded", "many")
    batch = driver.ready()
    driver.run_all()
    assert driver.outcomes(batch) == {"succeeded": 1}
    assert driver.records.metrics.read().counters["jobs:succeeded"] == 1


@pytest.mark.parametrize("value", ["yesterday", "nan", "inf"])
def test_a_damaged_figure_hides_no_other_from_the_measurement(driver: Driver, value: str) -> None:
    batch = driver.ready(2, owner="alice")
    driver.keys.hset(f"wt:batch:{batch}", "submitted_at", value)
    driver.keys.hset("wt:running", "bob", value)
    driver.keys.zadd("wt:outbox", {b"\xff": 0})
    found = driver.records.metrics.read()
    assert [(one.owner, one.jobs, one.oldest_s) for one in found.waiting] == [("alice", 2, 0.0)]
    assert found.running == {}
