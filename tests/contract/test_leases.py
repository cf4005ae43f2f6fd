"""Leases, fencing tokens and take-back: what a silent, doubled or late worker can and cannot do."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from tests.contract.driver import HERE, POLICY, QUEUE, THERE, Driver
from tests.support import a_report, a_verdict, an_attempt, an_execution

from windtunnel.contract import Isolation, JobState, Outcome, SecurityLevel
from windtunnel.records.schedule import VALIDATE, Claimed, Held


def a_cell(driver: Driver, count: int = 4, session: str = HERE) -> list[Held]:
    """Jobs that a session holds at once, the first begun."""
    driver.ready(count + 1, isolation=Isolation.CELL)
    driver.executed(driver.claim(session)[0], session, seconds=0.01)
    held = driver.claim(session, most=count)
    assert len(held) == count
    return held


def test_a_heartbeat_renews_the_lease_of_the_current_attempt(driver: Driver) -> None:
    driver.ready()
    (job,) = driver.claim()
    driver.keys.zadd("wt:leases", {HERE: 1})
    assert driver.records.schedule.heartbeat(HERE, job, 30) == ""
    assert driver.reconcile().recovered == 0
    assert driver.state(job.job_id) == JobState.RUNNING


def test_a_silent_worker_loses_its_job_to_another_host(driver: Driver) -> None:
    driver.host("there")
    driver.ready()
    (old,) = driver.claim(HERE)
    driver.expire()
    found = driver.reconcile()
    assert (found.recovered, found.lost, driver.state(old.job_id)) == (1, 0, JobState.READY)
    assert driver.claim(HERE) == []
    (new,) = driver.claim(THERE)
    assert (new.job_id, new.attempt) == (old.job_id, 2)
    summary = json.loads(driver.keys.lindex(f"wt:job:{old.job_id}:attempts", 0) or "")
    assert (summary["number"], summary["outcome"], summary["host"]) == (1, "lost", "here")

    schedule = driver.records.schedule
    assert schedule.heartbeat(HERE, old, 30) == "superseded"
    assert not driver.executed(old).recorded
    assert schedule.try_again(HERE, old, an_attempt(), 0, 1)  # that no attempt is left is not for it to say
    assert driver.state(old.job_id) == JobState.RUNNING
    assert not schedule.faulted(HERE, old, "", 0, 1)
    schedule.give_back(HERE, [old])
    assert driver.state(old.job_id) == JobState.RUNNING
    assert driver.executed(new, THERE).recorded
    driver.finalize()
    assert driver.left_in_the_schedule() == []


def test_the_last_attempts_death_loses_the_job(driver: Driver) -> None:
    batch = driver.ready()
    for attempt in (1, 2, 3):
        (job,) = driver.claim()
        assert job.attempt == attempt
        driver.expire()
        driver.reconcile(max_attempts=3)
    assert driver.claim() == []
    driver.finalize()
    assert driver.outcomes(batch) == {"lost": 1}
    assert driver.left_in_the_schedule() == []


def test_of_a_cell_only_the_begun_job_counts_as_tried(driver: Driver) -> None:
    held = a_cell(driver)
    driver.expire()
    assert driver.reconcile().recovered == 4
    driver.host("there")
    again = {job.job_id: job.attempt for at in range(4) for job in driver.claim(f"there:{at}:a")}
    assert again == {held[0].job_id: 2, **{job.job_id: 1 for job in held[1:]}}


def test_a_cancelled_job_of_a_silent_worker_ends_as_cancelled(driver: Driver) -> None:
    held = a_cell(driver, 2)
    driver.cancel(held[0].job_id.partition("-")[0])
    driver.expire()
    driver.reconcile()
    assert {driver.field(job.job_id, "outcome") for job in held} == {"cancelled"}
    driver.finalize()
    assert driver.left_in_the_schedule() == []


def test_a_silent_validator_loses_its_programs_a_bounded_number_of_times(driver: Driver) -> None:
    batch = driver.submit(3)
    for _ in range(3):
        assert len(driver.claim(queue=VALIDATE, most=10)) == 3
        driver.expire()
        driver.reconcile(max_faults=3)
    assert driver.claim(queue=VALIDATE) == []
    driver.finalize()
    assert driver.outcomes(batch) == {"infrastructure_error": 3}


def test_each_stage_has_its_own_count_of_faults(driver: Driver) -> None:
    driver.submit()
    for queue in (VALIDATE, QUEUE):
        for _ in range(2):
            (job,) = driver.claim(queue=queue)
            assert not driver.records.schedule.faulted(HERE, job, "broke", 0, 3)
            driver.end_pauses()
        driver.judge()
    (job,) = driver.claim()
    driver.executed(job)
    assert driver.records.care.count_fault(job.job_id) == 1


def test_a_verdict_of_a_validator_that_lost_its_claim_changes_nothing(driver: Driver) -> None:
    driver.submit(2)
    claimed = driver.claimed(queue=VALIDATE, most=10)
    assert isinstance(claimed, Claimed)
    driver.expire()
    driver.reconcile()
    assert driver.records.schedule.judged(claimed, HERE, "p", a_verdict()) == ({}, False)
    assert driver.waiting(VALIDATE) == 2


# -- fencing ---------------------------------------------------------------------------------------------


def test_the_same_number_issued_again_after_lost_data_is_another_token(driver: Driver) -> None:
    """Redis restarts without its last second: the claim is undone, and the attempt's number is handed out again."""
    driver.ready()
    (old,) = driver.claim(HERE)
    job = f"wt:job:{old.job_id}"
    driver.keys.delete(f"wt:held:{HERE}")
    driver.keys.zrem("wt:leases", HERE)
    driver.keys.delete("wt:running")
    driver.keys.hset(job, mapping={"state": "ready", "attempt": 0})
    driver.keys.hdel(job, "token", "begun")
    batch, index = old.job_id.split("-")
    lane = "language:python"
    driver.keys.rpush(f"wt:lane:execute.default:5:{batch}:{lane}", index)
    driver.keys.zadd(f"wt:lanes:execute.default:5:{batch}", {lane: index})
    driver.keys.zadd("wt:batches:execute.default:5:default", {batch: 0})
    driver.keys.zadd("wt:owners:execute.default:5", {"default": 0})
    driver.keys.zadd("wt:classes:execute.default", {"5": 5})
    driver.keys.hincrby("wt:queue:execute.default", "waiting", 1)

    (new,) = driver.claim(THERE)
    assert (new.job_id, new.attempt, old.attempt) == (old.job_id, 1, 1)
    assert new.token != old.token
    assert driver.records.schedule.heartbeat(HERE, old, 30) == "superseded"
    assert not driver.executed(old, HERE).recorded
    assert driver.executed(new, THERE).recorded


def test_a_report_of_another_token_is_refused(driver: Driver) -> None:
    driver.ready()
    driver.executed(driver.claim()[0])
    (taken,) = driver.records.reports.take(10)
    driver.keys.hset(f"wt:job:{taken.job_id}", "token", "1-another")
    assert driver.finish([taken]) == [False]
    driver.keys.zadd("wt:ended", {taken.job_id: 0})
    assert driver.finalize() == [taken.job_id]


def test_a_late_report_of_an_earlier_end_is_refused(driver: Driver) -> None:
    batch = driver.submit()
    driver.judge(SecurityLevel.CRITICAL)
    (taken,) = driver.records.reports.take(1)
    driver.keys.zadd("wt:ended", {taken.job_id: 0})
    driver.finalize()
    driver.records.submissions.retry(a_report(taken.job_id, Outcome.REJECTED), "client")
    driver.cancel(batch)
    assert driver.finish([taken]) == [False]
    driver.finalize()
    assert driver.outcomes(batch) == {"cancelled": 1}


# -- answers that were lost ------------------------------------------------------------------------------


def test_a_claim_whose_answer_was_lost_is_undone_by_the_next(driver: Driver) -> None:
    driver.ready(2)
    (unheard,) = driver.claim()
    (heard,) = driver.claim()
    assert (heard.job_id, heard.attempt) == (unheard.job_id, 1)
    assert heard.token != unheard.token
    assert driver.places().total() == 2
    assert driver.keys.hget("wt:running", "default") == "1"
    assert not driver.executed(unheard).recorded


def test_a_validators_claim_whose_answer_was_lost_is_undone_too(driver: Driver) -> None:
    driver.submit(5)
    assert len(driver.claim(queue=VALIDATE, most=3)) == 3
    assert driver.judge() >= 1
    assert driver.waiting() == 5


def test_what_was_not_begun_can_be_given_back(driver: Driver) -> None:
    held = a_cell(driver)
    driver.records.schedule.give_back(HERE, held[1:])
    assert [driver.state(job.job_id) for job in held] == [JobState.RUNNING, *[JobState.READY] * 3]
    driver.executed(held[0])
    assert driver.run_all()[:3] == [job.job_id for job in held[1:]]


def test_giving_back_what_has_ended_meanwhile_says_nothing_in_its_history(driver: Driver) -> None:
    batch = driver.submit()
    held = driver.claim(queue=VALIDATE)
    driver.cancel(batch)
    driver.finalize()
    driver.records.schedule.give_back(HERE, held)
    assert [one.what for one in driver.records.reading.history(f"{batch}-0")] == ["submitted", "cancelled", "finished"]


def test_executing_begins_the_next_job_unless_it_must_not(driver: Driver) -> None:
    first, second, third, fourth = a_cell(driver)
    assert driver.executed(first, following=second).next_stop == ""
    assert driver.field(second.job_id, "begun")
    driver.records.submissions.cancel([third.job_id], "client")
    assert driver.executed(second, following=third).next_stop == "cancelled"
    driver.executed(third, outcome=Outcome.CANCELLED)
    driver.keys.hset(f"wt:job:{fourth.job_id}", "token", "1-another")
    assert driver.records.schedule.begin(HERE, fourth, 30) == "superseded"


# -- doubled calls ---------------------------------------------------------------------------------------


def snapshot(driver: Driver) -> dict[str, object]:
    """All that is stored but times, events and histories."""
    found: dict[str, object] = {}
    for key in sorted(driver.keys.scan_iter("wt:*")):
        kind = driver.keys.type(key)
        if kind == "hash":
            found[key] = {name: value for name, value in driver.keys.hgetall(key).items() if name not in IGNORED}
        elif kind == "list":
            found[key] = driver.keys.lrange(key, 0, -1)
        elif kind == "zset":
            found[key] = driver.keys.zrange(key, 0, -1)
        elif kind == "stream":
            found[key] = driver.keys.xlen(key)
    return found


IGNORED = ("history", "begun", "finished_at", "closed_at", "submitted_at", "cancelled_at")


STEPS = """write executed try_again faulted give_back finish retry cancel judged abandon end_lane reconcile
heartbeat begin host"""


@pytest.mark.parametrize("step", STEPS.split())
def test_a_call_that_is_sent_twice_has_no_second_effect(driver: Driver, step: str) -> None:
    calls = prepared_call(driver, step)
    calls()
    once = snapshot(driver)
    calls()
    assert snapshot(driver) == once


def prepared_call(driver: Driver, step: str) -> Callable[[], object]:  # noqa: PLR0911 - a table of cases
    schedule, submissions = driver.records.schedule, driver.records.submissions
    if step == "write":
        batch = driver.batch(3)
        opened = driver.opened(batch)
        return lambda: driver.write(opened, batch)
    if step == "judged":
        driver.submit(3)
        claimed = driver.claimed(queue=VALIDATE, most=2)
        assert isinstance(claimed, Claimed)
        return lambda: schedule.judged(claimed, HERE, "p", a_verdict())
    if step == "abandon":
        opened = driver.opened(driver.batch(3))
        driver.keys.zadd("wt:opening", {opened.batch_id: 0})
        return lambda: driver.records.care.abandon(opened.batch_id, "gone")
    if step == "end_lane":
        driver.host(has=[])
        driver.ready(3)
        (lane,) = driver.reconcile(patience_s=0).unservable
        return lambda: driver.records.care.end_lane(lane, "missing")
    first, second, *_ = held = a_cell(driver)
    if step == "reconcile":
        driver.expire()
        return driver.reconcile
    if step in ("finish", "retry"):
        driver.executed(first)
        taken = [one for one in driver.records.reports.take(10) if one.job_id == first.job_id]
        if step == "finish":
            return lambda: driver.finish(taken)
        driver.finish(taken)
        return lambda: submissions.retry(a_report(first.job_id), "client")
    return {
        "executed": lambda: schedule.executed(HERE, first, an_execution(), 0.1, 30, second),
        "begin": lambda: schedule.begin(HERE, second, 30),
        "try_again": lambda: schedule.try_again(HERE, first, an_attempt(), 0, 3),
        "faulted": lambda: schedule.faulted(HERE, first, "broke", 0, 3),
        "give_back": lambda: schedule.give_back(HERE, held[1:]),
        "cancel": lambda: driver.cancel(first.job_id.partition("-")[0]),
        "heartbeat": lambda: schedule.heartbeat(HERE, first, 30),
        "host": lambda: driver.host(has=["image:own:1"]),
    }[step]


def test_redis_may_forget_the_scripts_at_any_moment(driver: Driver) -> None:
    batch = driver.submit(3)
    for step in (driver.judge, driver.claim, driver.reconcile, driver.run_all, driver.finalize):
        driver.keys.script_flush()
        step()
    assert driver.outcomes(batch) == {"succeeded": 3}


def test_what_came_of_an_earlier_claim_leaves_a_later_one_of_the_same_session_alone(driver: Driver) -> None:
    batch = driver.submit()
    stale = driver.claimed(queue=VALIDATE)
    assert isinstance(stale, Claimed)
    assert driver.claim(queue=VALIDATE)[0].job_id == stale.jobs[0].job_id  # taken back, and claimed again
    driver.judge()
    (held,) = driver.claim()
    driver.records.schedule.judged(stale, HERE, POLICY, a_verdict())
    driver.records.schedule.give_back(HERE, stale.jobs)
    assert (driver.state(held.job_id), driver.keys.hget(f"wt:batch:{batch}", "running")) == ("running", "1")
    assert driver.executed(held).recorded
