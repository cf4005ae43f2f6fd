"""Who is next: priority classes, owners and batches in fair shares, caps, cells, and what a host has."""

from __future__ import annotations

from collections import Counter

import pytest
from tests.contract.driver import HERE, QUEUE, THERE, Driver
from tests.support import an_attempt

from windtunnel.contract import Isolation, JobState, Outcome
from windtunnel.errors import NotFound
from windtunnel.keyspace import batch_of
from windtunnel.records.schedule import VALIDATE, Claimed, Nothing, Turn


def served(driver: Driver, count: int, *, seconds: float = 0.1) -> list[str]:
    """The batches of the next claims, each job run to its end before the next claim."""
    batches = []
    for _ in range(count):
        (job,) = driver.claim()
        driver.executed(job, seconds=seconds)
        batches.append(batch_of(job.job_id))
    return batches


def test_only_what_was_judged_safe_can_be_claimed(driver: Driver) -> None:
    batch = driver.submit()
    assert driver.claimed() == Nothing("none")
    driver.judge()
    (job,) = driver.claim()
    assert (job.job_id, job.attempt, driver.state(job.job_id)) == (f"{batch}-0", 1, JobState.RUNNING)
    assert driver.claimed(THERE) == Nothing("none")


def test_a_claim_is_exclusive(driver: Driver) -> None:
    driver.ready(20)
    claimed = [driver.claim(f"here:{at}:a") for at in range(25)]
    assert sorted(len(jobs) for jobs in claimed) == [0] * 5 + [1] * 20
    assert len({job.job_id for jobs in claimed for job in jobs}) == 20


def test_jobs_of_a_batch_are_served_in_their_order(driver: Driver) -> None:
    batch = driver.ready(5)
    assert driver.run_all() == [f"{batch}-{at}" for at in range(5)]


def test_a_higher_class_overtakes_at_once(driver: Driver) -> None:
    last = driver.ready(3, priority=9)
    assert served(driver, 1) == [last]
    first = driver.ready(2, priority=0)
    middle = driver.ready(1)
    assert served(driver, 5) == [first, first, middle, last, last]


def test_ten_jobs_do_not_wait_for_the_backlog_of_another_owner(driver: Driver) -> None:
    driver.ready(60, owner="big")
    served(driver, 10)
    small = driver.ready(10, owner="small")
    assert Counter(served(driver, 20))[small] == 10


def test_an_owner_who_splits_its_jobs_gets_no_more(real: Driver) -> None:
    split = {real.ready(8, owner="split") for _ in range(50)}
    whole = real.ready(400, owner="whole")
    shares = Counter("split" if batch in split else "whole" for batch in served(real, 200) if batch in split | {whole})
    assert abs(shares["split"] - shares["whole"]) <= 10


def test_batches_of_an_owner_share_likewise(driver: Driver) -> None:
    one, other = driver.ready(30), driver.ready(30)
    shares = Counter(served(driver, 20))
    assert abs(shares[one] - shares[other]) <= 2


def test_shares_are_of_slot_seconds_not_of_jobs(driver: Driver) -> None:
    slow, fast = driver.ready(40, owner="slow"), driver.ready(40, owner="fast")
    seconds = {slow: 0.0, fast: 0.0}
    for _ in range(36):
        (job,) = driver.claim()
        took = 0.4 if batch_of(job.job_id) == slow else 0.1
        driver.executed(job, seconds=took)
        seconds[batch_of(job.job_id)] += took
    assert abs(seconds[slow] - seconds[fast]) <= 0.5


def test_a_weight_is_a_share(driver: Driver) -> None:
    driver.keys.hset("wt:weights", "heavy", "3")
    heavy, light = driver.ready(40, owner="heavy"), driver.ready(40, owner="light")
    shares = Counter(served(driver, 40))
    assert abs(shares[heavy] - 3 * shares[light]) <= 4


def test_nobody_saves_up_time_while_idle(driver: Driver) -> None:
    driver.ready(60, owner="busy")
    served(driver, 20)
    late = driver.ready(60, owner="late")
    assert abs(Counter(served(driver, 20))[late] - 10) <= 2


def test_an_owner_that_used_more_than_its_share_is_behind_when_it_comes_back(driver: Driver) -> None:
    greedy = driver.ready(1, owner="greedy")
    driver.ready(30, owner="other")
    assert served(driver, 1, seconds=5) == [greedy]
    again = driver.ready(10, owner="greedy")
    assert again not in served(driver, 5, seconds=0.1)


def test_a_stream_of_single_jobs_does_not_keep_a_batch_waiting(driver: Driver) -> None:
    batch = driver.ready(20)
    for _ in range(5):
        driver.ready()
    batches = []
    for _ in range(30):
        driver.ready()
        batches += served(driver, 1)
    assert batches.count(batch) >= 2


def test_times_of_past_owners_are_forgotten(real: Driver) -> None:
    for at in range(1200):
        real.submit(owner=f"owner-{at}")
    real.judge()
    real.ready(5, owner="last")
    served(real, 1203)
    real.reconcile()
    assert real.keys.hlen(f"wt:times:{QUEUE}:5") < 1300  # of batches, until each has its reports
    served(real, 2)
    real.finalize()
    assert real.left_in_the_schedule() == []


def test_no_owner_waits_for_jobs_of_another_that_this_host_cannot_run(real: Driver) -> None:
    real.host("here", has=["language:python"])
    for _ in range(250):
        real.submit(owner="far", image="elsewhere", priority=4)
        real.submit(owner="near", image="elsewhere")
    real.judge()
    batch = real.ready(2, owner="small")
    assert served(real, 2) == [batch, batch]


def test_a_validator_keeps_no_slot_busy(driver: Driver) -> None:
    driver.host("here")
    driver.submit()
    assert len(driver.claim(queue=VALIDATE)) == 1
    assert [host.busy for host in driver.records.hosts.all()] == [0]
    driver.judge()
    assert len(driver.claim()) == 1
    assert [host.busy for host in driver.records.hosts.all()] == [1]


# -- caps ------------------------------------------------------------------------------------------------


def test_an_owners_cap(driver: Driver) -> None:
    driver.keys.hset("wt:caps", "capped", "2")
    driver.ready(3, owner="capped")
    driver.ready(3, owner="capped")
    other = driver.ready(1, owner="other")
    held = [driver.claim(f"here:{at}:a") for at in range(4)]
    assert [len(jobs) for jobs in held] == [1, 1, 1, 0]
    assert other in {batch_of(job.job_id) for jobs in held for job in jobs}
    mine = next(at for at, jobs in enumerate(held) if batch_of(jobs[0].job_id) != other)
    driver.executed(held[mine][0], f"here:{mine}:a")
    assert len(driver.claim("here:9:a")) == 1


def test_a_batchs_cap_binds_cells_too(driver: Driver) -> None:
    batch = driver.ready(10, isolation=Isolation.CELL, max_running=3)
    (first,) = driver.claim()
    driver.executed(first, seconds=0.001)
    held = driver.claim(most=50)
    assert len(held) == 3
    assert driver.claim(THERE, most=50) == []
    assert driver.records.reading.batch_status(batch).running == 3


def test_an_owners_cap_is_of_slots_at_work_and_not_of_jobs_that_wait_in_one_slot(driver: Driver) -> None:
    driver.host(slots=4)
    driver.keys.hset("wt:caps", "capped", "2")
    driver.ready(100, owner="capped", isolation=Isolation.CELL)
    driver.executed(driver.claim()[0], seconds=0.001)
    assert [len(driver.claim(f"here:{at}:a", most=50)) for at in range(3)] == [1, 1, 0]


# -- cells -----------------------------------------------------------------------------------------------


def test_a_cell_takes_about_as_much_as_it_can_do_in_the_time(driver: Driver) -> None:
    driver.ready(100, isolation=Isolation.CELL)
    assert len(driver.claim(most=50)) == 1  # nothing is known of them yet
    driver.executed(driver.claim(most=50)[0], seconds=0.05)
    held = driver.claim(most=50, work_s=0.5)
    assert len(held) == 10
    assert len({batch_of(job.job_id) for job in held}) == 1
    assert [driver.field(job.job_id, "begun") is not None for job in held] == [True] + [False] * 9


@pytest.mark.parametrize(("most", "seconds", "count"), [(50, 0.00001, 50), (50, 3.0, 1), (7, 0.01, 7)])
def test_a_cells_bounds(driver: Driver, most: int, seconds: float, count: int) -> None:
    driver.ready(100, isolation=Isolation.CELL)
    driver.executed(driver.claim()[0], seconds=seconds)
    assert len(driver.claim(most=most)) == count


def test_what_is_left_is_spread_over_the_slots(driver: Driver) -> None:
    driver.host(slots=5)
    driver.ready(11, isolation=Isolation.CELL)
    driver.executed(driver.claim()[0], seconds=0.001)
    assert len(driver.claim(most=50)) == 2


def test_what_is_given_back_is_not_charged(driver: Driver) -> None:
    one, other = (driver.ready(40, owner=owner, isolation=Isolation.CELL) for owner in ("one", "other"))
    for _ in range(2):
        driver.executed(driver.claim()[0], seconds=0.05)
    held = driver.claim(most=50)
    assert len(held) == 10
    driver.executed(held[0], seconds=0.05)
    driver.records.schedule.give_back(HERE, held[1:])
    turns = Counter(served(driver, 21, seconds=0.05))
    assert abs(turns[one] - turns[other]) <= 1


def test_a_container_gets_one_job(driver: Driver) -> None:
    driver.ready(10)
    driver.executed(driver.claim(most=50)[0], seconds=0.001)
    assert len(driver.claim(most=50)) == 1


def test_what_a_job_waits_for_its_cell_is_charged_but_not_expected_of_the_next(driver: Driver) -> None:
    batch = driver.ready(100, isolation=Isolation.CELL)
    driver.executed(driver.claim()[0], seconds=2.05, prepared_s=2.0)
    assert len(driver.claim(most=50)) == 10
    assert float(driver.keys.hget(f"wt:batch:{batch}", "spent")) == pytest.approx(2.05)


def test_a_cells_batch_keeps_its_turn_until_it_had_enough_work(driver: Driver) -> None:
    one, other = (driver.ready(30, isolation=Isolation.CELL) for _ in range(2))
    turn, turns = Turn(), []
    for _ in range(12):
        claimed = driver.claimed(most=50, turn=turn)
        assert isinstance(claimed, Claimed)
        for job in claimed.jobs:
            driver.executed(job, seconds=0.125)
        turn = turn.after(claimed, 0.125 * len(claimed.jobs))
        turns.append((claimed.batch_id, len(claimed.jobs)))
    assert turns[:4] == [(one, 1), (one, 3), (other, 1), (other, 3)]
    assert [count for _, count in turns[4:]] == [4] * 8
    assert Counter(batch for batch, _ in turns[4:]) == {one: 4, other: 4}


def test_a_turn_ends_when_a_higher_class_has_work(driver: Driver) -> None:
    batch = driver.ready(30, isolation=Isolation.CELL)
    claimed = driver.claimed(most=50)
    assert isinstance(claimed, Claimed)
    driver.executed(claimed.jobs[0], seconds=0.01)
    urgent = driver.ready(priority=0)
    turn = Turn().after(claimed, 0.01)
    assert [driver.claim_batch(turn, HERE), driver.claim_batch(turn, THERE)] == [urgent, batch]


@pytest.mark.parametrize("end", ["cancelled", "empty", "capped"])
def test_a_turn_does_not_outlast_what_its_batch_may_do(driver: Driver, end: str) -> None:
    cap = 1 if end == "capped" else None
    first = driver.ready(1 if end == "empty" else 5, isolation=Isolation.CELL, max_running=cap)
    claimed = driver.claimed(THERE)
    assert isinstance(claimed, Claimed)
    if end != "capped":
        driver.executed(claimed.jobs[0], THERE, seconds=0.01)
    if end == "cancelled":
        driver.cancel(first)
    other = driver.ready()
    assert driver.claim_batch(Turn().after(claimed, 0.01), HERE) == other


# -- hosts -----------------------------------------------------------------------------------------------


def test_a_host_gets_only_what_it_has_all_for(driver: Driver) -> None:
    driver.host("here", has=["language:python"])
    driver.host("there", has=["image:own:1"])
    own = driver.ready(image="own:1")
    usual = driver.ready(datasets=["a"])
    other = driver.ready(image="other:1")
    assert [batch_of(job.job_id) for job in driver.claim(HERE)] == [usual]
    assert [batch_of(job.job_id) for job in driver.claim(THERE)] == [own]
    assert driver.claim("here:2:a") == driver.claim("there:2:a") == []
    driver.host("here", has=["image:other:1"])
    assert [batch_of(job.job_id) for job in driver.claim("here:2:a")] == [other]


def test_a_job_that_failed_on_a_host_goes_to_another_one(driver: Driver) -> None:
    driver.host("there")
    driver.ready()
    (job,) = driver.claim(HERE)
    driver.records.schedule.try_again(HERE, job, an_attempt(1, Outcome.INFRASTRUCTURE_ERROR), 0, 3)
    assert driver.claim(HERE) == []
    assert [again.job_id for again in driver.claim(THERE)] == [job.job_id]


@pytest.mark.parametrize("lost", [False, True])
def test_a_job_that_failed_on_two_hosts_goes_to_a_third(driver: Driver, lost: bool) -> None:
    driver.host("third")
    driver.host("there")
    driver.ready()
    for session in (HERE, THERE):
        (job,) = driver.claim(session)
        if lost:
            driver.expire(session)
            driver.reconcile()
        else:
            driver.records.schedule.try_again(session, job, an_attempt(1, Outcome.INFRASTRUCTURE_ERROR), 0, 3)
    assert driver.claim(HERE) == driver.claim(THERE) == []
    assert [again.job_id for again in driver.claim("third:1:a")] == [job.job_id]


@pytest.mark.parametrize("other", ["none", "draining", "lacking", "silent", "of another pool"])
def test_it_comes_back_where_no_other_host_can_take_it(driver: Driver, other: str) -> None:
    driver.host("here", has=["language:python"])
    if other != "none":
        pool = "gpu" if other == "of another pool" else "default"
        driver.host("there", has=[] if other == "lacking" else ["language:python"], pool=pool)
    if other == "draining":
        driver.records.hosts.drain("there", "operator")
    if other == "silent":
        driver.keys.zadd("wt:hosts", {"there": 0})
    driver.ready()
    (job,) = driver.claim(HERE)
    driver.records.schedule.try_again(HERE, job, an_attempt(1, Outcome.INFRASTRUCTURE_ERROR), 0, 3)
    assert [again.job_id for again in driver.claim(HERE)] == [job.job_id]


def test_whoever_waits_behind_closed_batches_is_found_at_once(driver: Driver) -> None:
    closed, open_batch = [driver.ready() for _ in range(5)], driver.ready()
    for batch in closed:
        driver.records.submissions.close_batch(batch, "client")
        driver.keys.hset(f"wt:batch:{batch}", "closed_at", 0)
    assert [job.job_id for job in driver.claim()] == [f"{open_batch}-0"]


def test_a_draining_host_gets_nothing_more(driver: Driver) -> None:
    driver.ready(2)
    (job,) = driver.claim()
    driver.records.hosts.drain("here", "an operator")
    driver.executed(job)
    assert driver.claimed() == Nothing("draining")
    assert [(host.draining, host.live) for host in driver.records.hosts.all()] == [("an_operator", True)]
    driver.records.hosts.undrain("here")
    assert len(driver.claim()) == 1
    with pytest.raises(NotFound, match="Known hosts: here"):
        driver.records.hosts.drain("nowhere", "operator")


def test_a_host_that_fails_three_times_in_a_row_pauses_itself(driver: Driver) -> None:
    hosts = driver.records.hosts
    driver.ready(3)
    assert [hosts.failed("here", "no Docker", 3) for _ in range(2)] == [False, False]
    driver.executed(driver.claim()[0])  # a success in between
    assert [hosts.failed("here", "no Docker", 3) for _ in range(3)] == [False, False, True]
    assert driver.claimed() == Nothing("paused")
    assert [host.paused for host in hosts.all()] == ["no Docker"]
    driver.keys.hset("wt:host:here", "paused_until", 0)
    (job,) = driver.claim()
    driver.executed(job, outcome=Outcome.INFRASTRUCTURE_ERROR)
    assert hosts.failed("here", "no Docker", 3)  # once more is enough after a pause
    hosts.undrain("here")
    assert len(driver.claim()) == 1


def test_jobs_that_no_host_can_serve_end_after_a_while_and_only_they(driver: Driver) -> None:
    driver.host("here", has=["language:python"])
    driver.host("there", has=["language:python", "language:go"])
    lacking = driver.ready(3, image="own:1")
    fine = driver.ready(2)
    assert driver.reconcile(patience_s=15).unservable == ()
    (lane,) = driver.reconcile(patience_s=0).unservable
    assert (lane.batch, lane.missing) == (lacking, "image:own:1")
    assert driver.records.care.end_lane(lane, "No host has it.") == 3
    driver.run_all()
    assert (driver.outcomes(lacking), driver.outcomes(fine)) == ({"infrastructure_error": 3}, {"succeeded": 2})
    driver.reconcile()
    assert driver.left_in_the_schedule() == []


def test_the_wait_for_a_missing_thing_begins_anew_when_it_was_there(driver: Driver) -> None:
    driver.ready(image="own:1")
    driver.ready()
    driver.host("here", has=["language:python"])
    driver.reconcile()
    assert driver.keys.hlen("wt:unservable") == 1
    driver.host("here", has=["language:python", "image:own:1"])
    driver.reconcile()
    assert driver.keys.exists("wt:unservable") == 0


def test_a_host_of_another_pool_serves_nothing_here(driver: Driver) -> None:
    driver.host("gpu", pool="gpu")
    driver.host("here", has=["language:python"])
    batch = driver.ready(image="own:1")
    assert [lane.batch for lane in driver.reconcile(patience_s=0).unservable] == [batch]


@pytest.mark.parametrize("served", [False, True])
def test_a_pool_that_nobody_needs_or_serves_is_forgotten_with_its_tickets(driver: Driver, served: bool) -> None:
    batch = driver.ready(pool="odd")
    driver.keys.lpush("execute.odd", "a ticket")
    driver.reconcile()
    assert driver.keys.exists("execute.odd", "wt:queue:execute.odd") == 2
    driver.cancel(batch)
    driver.finalize()
    if served:
        driver.records.hosts.seen("there", 1, "1", ["odd"], ["*"])
    driver.reconcile()
    assert driver.keys.exists("execute.odd", "wt:queue:execute.odd") == (2 if served else 0)
    assert driver.keys.sismember("wt:queues", "execute.odd") == served


def test_a_pool_whose_host_left_before_any_job_came_is_forgotten(driver: Driver) -> None:
    driver.host("there", pool="odd")
    driver.keys.zadd("wt:hosts", {"there": 1})
    driver.reconcile()
    assert driver.keys.exists("wt:queue:execute.odd") == 0


def test_as_many_messages_as_slots_can_use(driver: Driver) -> None:
    driver.host(slots=2)
    schedule = driver.records.schedule
    assert schedule.shortage(QUEUE, "execute", 10) == 0
    driver.ready(5)
    assert (schedule.shortage(QUEUE, "execute", 10), schedule.shortage(QUEUE, "execute", 1)) == (2, 1)
    driver.keys.lpush("execute", "a message")
    assert schedule.shortage(QUEUE, "execute", 10) == 1
    (queue,) = [one for one in driver.reconcile().queues if one.name == QUEUE]
    assert (queue.waiting, queue.slots, queue.messages) == (5, 2, 1)
