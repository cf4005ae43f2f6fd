"""Budgets of a batch: what is spent is stopped, what waits ends as cancelled, and a retry begins anew."""

from __future__ import annotations

import pytest
from tests.contract.driver import HERE, QUEUE, THERE, Driver

from windtunnel.contract import Budget, Outcome
from windtunnel.keyspace import job_id
from windtunnel.records.submissions import Opened


def cancelled_by(driver: Driver, batch: str) -> str | None:
    return driver.records.reading.batch_status(batch).cancelled_by


def test_jobs_beyond_the_budget_are_cancelled_and_those_that_run_go_on(driver: Driver) -> None:
    batch = driver.ready(5, budget=Budget(jobs=2))
    (first,), (second,) = driver.claim(HERE), driver.claim(THERE)
    assert driver.claim("third:1:a") == []
    assert driver.records.schedule.heartbeat(HERE, first, 30) == ""
    driver.executed(first)
    driver.executed(second, THERE)
    driver.finalize()
    assert driver.outcomes(batch) == {"succeeded": 2, "cancelled": 3}
    assert cancelled_by(driver, batch) == "budget jobs 2"
    assert driver.left_in_the_schedule() == []


def test_a_cell_claims_no_more_than_the_budget_has_left(driver: Driver) -> None:
    driver.ready(9, budget=Budget(jobs=3), isolation="cell")
    (first,) = driver.claim(most=50)
    driver.executed(first, seconds=0.001)
    assert len(driver.claim(most=50)) == 2


def test_a_job_that_has_started_goes_on_after_a_fault_whatever_the_budget_of_jobs(driver: Driver) -> None:
    batch = driver.ready(4, budget=Budget(jobs=2))
    (first,) = driver.claim(HERE)
    driver.claim(THERE)
    driver.executed(first)
    driver.expire(THERE)
    driver.reconcile()
    driver.run_all("third:1:a")
    assert driver.outcomes(batch) == {"succeeded": 2, "cancelled": 2}
    assert driver.left_in_the_schedule() == []


def test_a_budget_that_sufficed_has_cancelled_nothing(driver: Driver) -> None:
    batch = driver.ready(2, budget=Budget(jobs=2))
    (first,), (second,) = driver.claim(HERE), driver.claim(THERE)
    assert driver.records.schedule.heartbeat(HERE, first, 30) == ""
    driver.executed(first)
    driver.executed(second, THERE)
    driver.finalize()
    assert driver.outcomes(batch) == {"succeeded": 2}
    assert cancelled_by(driver, batch) is None


def test_slot_seconds_stop_what_runs_and_what_waits(driver: Driver) -> None:
    batch = driver.ready(4, budget=Budget(slot_seconds=10))
    (first,), (second,) = driver.claim(HERE), driver.claim(THERE)
    driver.executed(first, seconds=10.5)
    assert driver.records.schedule.heartbeat(THERE, second, 30) == "budget"
    driver.executed(second, THERE, outcome=Outcome.CANCELLED, seconds=1)
    assert driver.field(second.job_id, "message") == "The batch's budget of 10 slot-seconds is spent."
    driver.claim()
    driver.finalize()
    assert driver.outcomes(batch) == {"succeeded": 1, "cancelled": 3}
    status = driver.records.reading.batch_status(batch)
    assert (status.cancelled_by, status.slot_seconds) == ("budget slot_seconds 10", 11.5)


def test_an_attempt_alone_can_spend_the_budget(driver: Driver) -> None:
    driver.ready(1, budget=Budget(slot_seconds=10))
    (job,) = driver.claim()
    assert driver.records.schedule.heartbeat(HERE, job, 30) == ""
    driver.keys.hincrby(f"wt:job:{job.job_id}", "begun", -11_000)
    assert driver.records.schedule.heartbeat(HERE, job, 30) == "budget"


def test_wall_time_ends_a_batch_that_nobody_serves(driver: Driver) -> None:
    batch = driver.ready(3, budget=Budget(wall_s=60))
    driver.submit(1)
    driver.keys.hincrby(f"wt:batch:{batch}", "since", -60_000)
    driver.reconcile()
    driver.finalize()
    assert driver.outcomes(batch) == {"cancelled": 3}
    assert cancelled_by(driver, batch) == "budget wall_s 60"
    assert driver.records.reading.history(f"{batch}-0")[-2].who == "budget"
    assert driver.waiting(QUEUE) == 0


def test_jobs_that_wait_for_validation_end_too_and_so_do_those_written_later(driver: Driver) -> None:
    batch = driver.batch(4, budget=Budget(wall_s=60))
    opened = driver.opened(batch)
    driver.write(opened, batch, 2)
    driver.keys.hincrby(f"wt:batch:{opened.batch_id}", "since", -60_000)
    driver.judge()
    driver.write(Opened(opened.batch_id, 2), batch)
    driver.finalize()
    assert driver.outcomes(opened.batch_id) == {"cancelled": 4}


def test_the_breaker_opens_when_the_first_reports_say_the_same_failure(driver: Driver) -> None:
    batch = driver.ready(10, budget=Budget(same_failure=3))
    for _ in range(3):
        (job,) = driver.claim()
        driver.executed(job, outcome=Outcome.FAILED)
        driver.finalize()
    assert driver.claim() == []
    driver.finalize()
    assert driver.outcomes(batch) == {"failed": 3, "cancelled": 7}
    assert cancelled_by(driver, batch) == "budget same_failure 3"


@pytest.mark.parametrize("between", [Outcome.SUCCEEDED, Outcome.TIMED_OUT])
def test_the_breaker_stays_closed_when_the_first_reports_differ(driver: Driver, between: Outcome) -> None:
    batch = driver.ready(6, budget=Budget(same_failure=3))
    for outcome in (Outcome.FAILED, Outcome.FAILED, between, *[Outcome.FAILED] * 3):
        (job,) = driver.claim()
        driver.executed(job, outcome=outcome)
        driver.finalize()
    assert driver.records.reading.batch_status(batch).done
    assert cancelled_by(driver, batch) is None


def test_a_retry_begins_the_budget_anew(driver: Driver) -> None:
    batch = driver.ready(4, budget=Budget(jobs=2))
    driver.run_all()
    assert driver.outcomes(batch) == {"succeeded": 2, "cancelled": 2}
    for index in (2, 3):
        assert driver.records.submissions.retry(driver.records.reports.report(job_id(batch, index)), "client")
    driver.run_all()
    assert driver.outcomes(batch) == {"succeeded": 4}
    assert cancelled_by(driver, batch) is None


def test_jobs_that_are_retried_together_have_one_budget(driver: Driver) -> None:
    batch = driver.ready(4, budget=Budget(jobs=1))
    driver.run_all()
    assert driver.outcomes(batch) == {"succeeded": 1, "cancelled": 3}
    for index in (1, 2, 3):
        report = driver.records.reports.report(job_id(batch, index))
        assert driver.records.submissions.retry(report, "client", first=index == 1)
        driver.run_all()
    assert driver.outcomes(batch) == {"succeeded": 2, "cancelled": 2}
    assert cancelled_by(driver, batch) == "budget jobs 1"


@pytest.mark.parametrize("stored", ["{", "[1]", '{"jobs":"x"}', '{"wall_s":[],"same_failure":{}}'])
def test_a_damaged_budget_is_none(driver: Driver, stored: str) -> None:
    batch = driver.ready(1, budget=Budget(jobs=1))
    driver.keys.hset(f"wt:batch:{batch}", "budget", stored)
    driver.run_all()
    assert driver.outcomes(batch) == {"succeeded": 1}
    assert driver.records.reading.batch_status(batch).budget is None
