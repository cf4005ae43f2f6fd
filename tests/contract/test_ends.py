"""How jobs end: cancelled, retried, and finished exactly once, with counters that always add up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.contract.driver import HERE, THERE, Driver
from tests.support import a_report, a_verdict, an_attempt

from windtunnel.contract import EventKind, Isolation, JobState, Outcome, SecurityLevel
from windtunnel.errors import NotFound
from windtunnel.keyspace import MAX_ATTEMPTS_KEPT, batch_of
from windtunnel.records.schedule import VALIDATE, Claimed


def test_finishing_writes_report_state_counters_and_event_together(driver: Driver) -> None:
    batch = driver.ready(2)
    first = driver.claim()[0].job_id
    driver.executed(driver.claim("here:2:a")[0], "here:2:a")
    driver.finalize()
    status = driver.records.reading.batch_status(batch)
    assert (status.finished, status.running, status.done, status.finished_at) == (1, 1, False, None)
    (event,) = driver.records.reading.events({batch: "0"}, 0.001)
    assert (event.kind, event.job_id, event.outcome) == (EventKind.FINISHED, f"{batch}-1", Outcome.SUCCEEDED)
    assert driver.records.reports.report(f"{batch}-1").outcome is Outcome.SUCCEEDED
    with pytest.raises(NotFound, match="is running; it has no report yet"):
        driver.records.reports.report(first)


def test_a_job_is_finished_exactly_once_by_many_finalizers(real: Driver) -> None:
    batch = real.ready(40)
    while held := real.claim():
        real.executed(held[0])
    taken = real.records.reports.take(50)
    gate = threading.Barrier(6)

    def finish(_: int) -> int:
        gate.wait()
        return sum(real.finish(taken))

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(finish, range(6))) == 40
    assert real.outcomes(batch) == {"succeeded": 40}
    assert real.keys.xlen(f"wt:batch:{batch}:events") == 41


def test_a_finalizer_that_dies_leaves_its_jobs_to_the_next(driver: Driver) -> None:
    driver.ready()
    driver.executed(driver.claim()[0])
    (taken,) = driver.records.reports.take(10)
    assert driver.records.reports.take(10) == []
    driver.keys.zadd("wt:ended", {taken.job_id: 0})
    assert driver.finalize() == [taken.job_id]
    assert driver.finish([taken]) == [False]


def test_a_late_report_does_not_take_a_later_round_away(driver: Driver) -> None:
    driver.ready()
    driver.executed(driver.claim()[0])
    (late,) = driver.records.reports.take(10)
    driver.finish([late])
    assert driver.records.submissions.retry(a_report(late.job_id), "client")
    driver.judge()
    driver.executed(driver.claim()[0])
    assert driver.finish([late]) == [False]
    assert driver.finalize() == [late.job_id]


def test_a_rejected_job_ends_without_a_slot(driver: Driver) -> None:
    batch = driver.submit(3)
    driver.judge(SecurityLevel.CRITICAL)
    assert driver.claim() == []
    driver.finalize()
    assert driver.outcomes(batch) == {"rejected": 3}
    assert driver.left_in_the_schedule() == []


# -- cancel ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["queued", "judged", "ready", "paused", "running"])
def test_a_cancelled_job_ends_as_cancelled_wherever_it_is(driver: Driver, where: str) -> None:
    batch = driver.submit(2)
    claimed = driver.claimed(queue=VALIDATE, most=1) if where == "judged" else None
    if where in ("ready", "paused", "running"):
        driver.judge()
    held = driver.claim() if where in ("paused", "running") else []
    if where == "paused":
        driver.records.schedule.try_again(HERE, held[0], an_attempt(), 1000, 3)
    ended, told, _ = driver.records.submissions.cancel([f"{batch}-0"], "me")
    assert (ended, told) == ((0, 1) if where == "running" else (1, 0))
    if held and where == "running":
        assert driver.records.schedule.heartbeat(HERE, held[0], 30) == "cancelled"
        driver.executed(held[0], outcome=Outcome.CANCELLED)
    if isinstance(claimed, Claimed):
        driver.records.schedule.judged(claimed, HERE, "p", a_verdict())
    driver.run_all()
    assert driver.outcomes(batch) == {"cancelled": 1, "succeeded": 1}
    history = driver.records.reading.history(f"{batch}-0")
    assert [line.who for line in history if line.what == "cancelled"] == ["me"]
    assert driver.records.submissions.cancel([f"{batch}-0", f"{batch}-1"], "me")[:2] == (0, 0)
    assert driver.left_in_the_schedule() == []


@pytest.mark.parametrize("fault", ["try_again", "faulted", "give_back", "lost answer"])
def test_a_running_job_that_was_cancelled_is_not_handed_out_again(driver: Driver, fault: str) -> None:
    batch = driver.ready()
    (job,) = driver.claim()
    driver.records.submissions.cancel([job.job_id], "me")
    schedule = driver.records.schedule
    if fault == "try_again":
        assert schedule.try_again(HERE, job, an_attempt(), 0, 1)
    elif fault == "faulted":
        assert schedule.faulted(HERE, job, "broke", 0, 3)
    elif fault == "give_back":
        schedule.give_back(HERE, [job])
    assert driver.claim() == []
    driver.finalize()
    assert driver.outcomes(batch) == {"cancelled": 1}
    assert driver.left_in_the_schedule() == []


def test_a_whole_batch_is_cancelled_wherever_its_jobs_are(driver: Driver) -> None:
    batch = driver.submit(12, isolation=Isolation.CELL, codes=[f"print({at})" for at in range(3)])
    driver.records.schedule.judged(_claimed(driver), HERE, "strict@1", a_verdict())
    driver.executed(driver.claim()[0], seconds=0.1)
    running = driver.claim()
    held_by_a_validator = _claimed(driver, "validator:1:a")
    assert driver.cancel(batch) == 11
    assert driver.claim("here:2:a") == driver.claim("v:1:a", queue=VALIDATE) == []
    driver.records.schedule.judged(held_by_a_validator, "validator:1:a", "p", a_verdict())
    driver.executed(running[0], outcome=Outcome.CANCELLED)
    driver.run_all()
    assert driver.outcomes(batch) == {"cancelled": 11, "succeeded": 1}
    assert driver.records.reading.batch_status(batch).cancelled_by == "client"
    assert driver.left_in_the_schedule() == []


def test_a_batch_that_is_cancelled_while_it_is_written_ends(driver: Driver) -> None:
    other = driver.submit()
    batch = driver.batch(6)
    opened = driver.opened(batch)
    driver.write(opened, batch, 2)
    assert driver.cancel(opened.batch_id) == 2
    driver.write(opened, batch)
    assert driver.keys.hvals("wt:uses") == ["7"]
    driver.finalize()
    assert driver.outcomes(opened.batch_id) == {"cancelled": 6}
    assert driver.keys.ttl(driver.keys.keys("wt:code:*")[0]) == -1  # the other batch runs it
    driver.run_all()
    assert driver.outcomes(other) == {"succeeded": 1}
    assert driver.left_in_the_schedule() == []


@pytest.mark.parametrize("by", ["claims", "the reconciler"])
def test_a_cancellation_whose_client_died_half_way_is_completed(driver: Driver, by: str) -> None:
    batch = driver.ready(6)
    queued = driver.submit(3)
    for one in (batch, queued):
        driver.records.submissions.close_batch(one, "me")
        driver.records.submissions.cancel([f"{one}-0"], "me")
    assert driver.claim() == driver.claim(queue=VALIDATE) == []
    for one in (batch, queued):
        driver.keys.hset(f"wt:batch:{one}", "closed_at", 0)
    if by == "claims":
        assert driver.claim() == driver.claim(queue=VALIDATE) == []
    else:
        driver.reconcile()
    driver.finalize()
    assert (driver.outcomes(batch), driver.outcomes(queued)) == ({"cancelled": 6}, {"cancelled": 3})
    assert driver.left_in_the_schedule() == []


def test_a_batch_that_is_done_stays_as_it_is_when_cancelled(driver: Driver) -> None:
    batch = driver.ready()
    driver.run_all()
    assert driver.cancel(batch) == 0
    assert driver.records.reading.batch_status(batch).cancelled_by is None
    with pytest.raises(NotFound):
        driver.cancel("none")


# -- retry -----------------------------------------------------------------------------------------------


def test_a_retry_keeps_attempts_and_counters_right(driver: Driver) -> None:
    batch = driver.ready(2)
    driver.run_all(outcome=Outcome.FAILED)
    job = f"{batch}-0"
    assert driver.records.submissions.retry(a_report(job, Outcome.FAILED), "me")
    assert (driver.outcomes(batch), driver.unfinished()) == ({"failed": 1}, 1)
    assert not driver.records.reading.batch_status(batch).done
    assert not driver.records.submissions.retry(a_report(job, Outcome.FAILED), "me")
    assert driver.run_all() == [job]
    report = driver.records.reports.report(job)
    assert [(one.number, one.outcome) for one in report.attempts] == [(1, Outcome.FAILED), (2, Outcome.SUCCEEDED)]
    assert driver.outcomes(batch) == {"failed": 1, "succeeded": 1}
    assert [event.kind.value for event in driver.records.reading.events({batch: "0"}, 0.001)] == [
        *["finished"] * 2, "batch_finished", "retried", "finished", "batch_finished",
    ]  # fmt: skip
    assert driver.left_in_the_schedule() == []


def test_a_retried_job_has_all_its_attempts_again(driver: Driver) -> None:
    batch = driver.ready()
    for first in (1, 4):
        for attempt in range(first, first + 3):
            (job,) = driver.claim()
            assert job.attempt == attempt
            driver.expire()
            driver.reconcile(max_attempts=3)
        driver.finalize()
        assert driver.outcomes(batch) == {"lost": 1}
        driver.records.submissions.retry(a_report(f"{batch}-0", Outcome.LOST, attempt=attempt), "me")
        driver.judge()


def test_the_attempts_kept_are_bounded(real: Driver) -> None:
    batch = real.ready()
    for attempt in range(1, MAX_ATTEMPTS_KEPT + 10):
        real.run_all()
        assert real.records.submissions.retry(a_report(f"{batch}-0", attempt=attempt), "me")
    real.run_all()
    kept = real.records.reports.report(f"{batch}-0").attempts
    assert len(kept) == MAX_ATTEMPTS_KEPT + 1
    assert kept[-1].number == MAX_ATTEMPTS_KEPT + 10
    assert len(real.field(f"{batch}-0", "history") or "") < 5000


def test_a_job_whose_program_is_no_longer_stored_cannot_be_retried(driver: Driver) -> None:
    batch = driver.ready()
    driver.run_all()
    driver.keys.delete(*driver.keys.keys("wt:code:*"))
    with pytest.raises(NotFound, match="no longer stored"):
        driver.records.submissions.retry(a_report(f"{batch}-0"), "me")
    assert driver.state(f"{batch}-0") == JobState.FINISHED
    assert not driver.records.submissions.retry(a_report("none-0"), "me")


def test_retrying_in_a_cancelled_batch_runs_the_job(driver: Driver) -> None:
    batch = driver.ready(2)
    driver.cancel(batch)
    driver.finalize()
    assert driver.records.submissions.retry(a_report(f"{batch}-1", Outcome.CANCELLED, attempt=0), "me")
    driver.run_all()
    assert driver.outcomes(batch) == {"cancelled": 1, "succeeded": 1}


def test_counters_add_up_after_every_step(driver: Driver) -> None:
    batches = [driver.submit(3), driver.submit(2)]
    steps: list[Callable[[], object]] = [
        driver.judge,
        *[lambda: driver.executed(driver.claim()[0])] * 5,
        driver.finalize,
    ]
    for step in steps:
        step()
        statuses = [driver.records.reading.batch_status(one) for one in batches]
        assert all(sum(one.outcomes.values()) == one.finished for one in statuses)
        assert sum(one.total - one.finished for one in statuses) == driver.unfinished()
        assert sum(one.running for one in statuses) == int(driver.keys.hget("wt:running", "default") or 0)
    assert {batch_of(job) for job in driver.places()} == set()


def _claimed(driver: Driver, session: str = HERE) -> Claimed:
    claimed = driver.claimed(session, queue=VALIDATE, most=4)
    assert isinstance(claimed, Claimed)
    return claimed


@pytest.mark.parametrize("place", ["ended", "later", "leases"])
def test_nothing_waits_for_a_clock_that_was_set_back(driver: Driver, place: str) -> None:
    batch = driver.ready()
    (held,) = driver.claim()
    if place == "ended":
        driver.executed(held)
    elif place == "later":
        driver.records.schedule.try_again(HERE, held, an_attempt(), 1000, 3)
    driver.keys.zincrby(f"wt:{place}", 7_200_000, HERE if place == "leases" else held.job_id)
    assert driver.run_all(THERE) == []
    driver.reconcile()
    driver.reconcile()
    driver.run_all(THERE)
    assert driver.outcomes(batch) == {"succeeded": 1}
