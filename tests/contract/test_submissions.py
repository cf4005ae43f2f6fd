"""Submitting: once for a key, whole or not at all, and completed or given up when its producer dies."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest
import redis
from tests.contract.driver import Driver

from windtunnel.client import Client
from windtunnel.contract import Batch, Job, JobState
from windtunnel.errors import IdempotencyConflict, InvalidInput, NotFound, QueueFull
from windtunnel.settings import Settings

T = TypeVar("T")


def together(count: int, work: Callable[[int], T]) -> list[T]:
    """What `count` threads get that start the work at the same moment."""
    gate = threading.Barrier(count)

    def wait_and_work(index: int) -> T:
        gate.wait()
        return work(index)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(wait_and_work, range(count)))


def test_jobs_are_stored_as_they_were_submitted(driver: Driver) -> None:
    batch = driver.submit(2, codes=["print(1)", "print(2)"], seed=7, labels={"team": "a"})
    assert driver.judge() == 2
    held = [job for at in range(2) for job in driver.claim(f"here:{at}:a")]
    assert [job.job_id for job in held] == [f"{batch}-0", f"{batch}-1"]
    assert [(job.spec.params, job.spec.seed, job.spec.labels) for job in held] == [
        ({"at": at}, 7, {"team": "a"}) for at in (0, 1)
    ]
    assert driver.records.schedule.code(held[1].program.partition(":")[0]) == "print(2)"


def test_programs_are_stored_once_however_many_jobs_run_them(driver: Driver) -> None:
    driver.submit(700)
    driver.submit(3)
    (code,) = driver.keys.keys("wt:code:*")
    assert driver.keys.hvals("wt:uses") == ["703"]
    assert driver.keys.ttl(code) == -1


def test_a_write_is_bounded_in_bytes_too(driver: Driver) -> None:
    programs = [f"x = {at}\n#" + "x" * 1_000_000 for at in range(20)]
    batch = driver.submit(20, codes=programs)
    assert driver.records.reading.batch_status(batch).total == 20
    assert len(driver.keys.keys("wt:code:*")) == 20
    assert driver.judge() == 20


# -- idempotency -----------------------------------------------------------------------------------------


def test_the_same_key_with_the_same_content_is_the_same_job(client: Client, keys: redis.Redis) -> None:
    job = Job(code="print(1)", idempotency_key="k")
    first = client.submit(job)
    stored = keys.dbsize()
    assert client.submit(job) == first
    assert keys.dbsize() == stored
    assert keys.hget("wt:counters", "unfinished") == "1"
    assert client.submit_batch([Job(code="print(1)")], idempotency_key="k") != client.status(first).batch_id


def test_each_owner_has_keys_of_its_own(client: Client) -> None:
    batches = [
        client.submit_batch([{"code": f"print({code})"}], owner=owner, idempotency_key="nightly")
        for owner, code in (("ann", 1), ("bob", 1), ("cid", 2), ("ann", 1))
    ]
    assert len(set(batches)) == 3
    assert batches[0] == batches[3]
    assert [client.status(batch).owner for batch in batches[:3]] == ["ann", "bob", "cid"]


def test_the_same_key_with_other_content_is_a_conflict_and_stores_nothing(client: Client, keys: redis.Redis) -> None:
    first = client.submit_batch([{"code": "print(1)"}, {"code": "print(2)"}], idempotency_key="k")
    before = keys.dbsize()
    with pytest.raises(IdempotencyConflict) as caught:
        client.submit_batch([{"code": "print(2)"}, {"code": "print(1)"}], idempotency_key="k")
    assert caught.value.existing == first
    assert [problem.field for problem in caught.value.problems] == ["idempotency_key"]
    assert str(caught.value).startswith(
        f"idempotency_key: key 'k' already stands for {first}, whose job 0 has another value of code."
    )
    assert keys.dbsize() == before
    job = client.submit({"code": "print(1)", "idempotency_key": "k"})
    with pytest.raises(IdempotencyConflict) as caught:
        client.submit({"code": "print(2)", "idempotency_key": "k"})
    assert caught.value.existing == job


@pytest.mark.parametrize(
    ("jobs", "more", "told"),
    [
        ([{"code": "print(1)"}], {}, "which has 2 jobs, not 1"),
        (
            [{"code": "print(1)"}, {"code": "print(1)", "params": {"n": 3}}],
            {},
            "whose job 1 has another value of params",
        ),
        (
            [{"code": "print(1)"}, {"code": "print(1)", "seed": 5, "params": {"n": 2}}],
            {},
            "whose job 1 has another value of seed",
        ),
        (
            [{"code": "print(1)"}, {"code": "print(1)", "params": {"n": 2}}],
            {"isolation": "cell"},
            "whose isolation is container, not cell",
        ),
    ],
)
def test_a_conflict_names_what_differs(client: Client, jobs: list[Any], more: dict[str, Any], told: str) -> None:
    client.submit_batch([{"code": "print(1)"}, {"code": "print(1)", "params": {"n": 2}}], idempotency_key="k")
    with pytest.raises(IdempotencyConflict, match=told):
        client.submit_batch(jobs, idempotency_key="k", **more)


def test_the_same_key_from_many_threads_is_one_batch(client: Client, keys: redis.Redis) -> None:
    ids = together(8, lambda _: client.submit_batch([Job(code="print(1)")] * 3, idempotency_key="k"))
    assert len(set(ids)) == 1
    assert keys.zcard("wt:open") == 1
    assert keys.hget("wt:queue:validate", "waiting") == "3"
    assert keys.hvals("wt:uses") == ["3"]


def test_a_key_whose_batch_was_removed_may_be_used_again(driver: Driver) -> None:
    old = driver.submit(2, idempotency_key="k")
    driver.keys.delete(f"wt:batch:{old}")
    assert driver.submit(3, idempotency_key="k") != old


def test_a_producer_that_died_half_way_completes_its_batch(driver: Driver) -> None:
    batch = driver.batch(5, idempotency_key="k")
    opened = driver.opened(batch)
    driver.write(opened, batch, 2)
    driver.judge()
    (moved_on,) = driver.claim()

    again = driver.opened(batch)
    assert (again.batch_id, again.written) == (opened.batch_id, 2)
    driver.write(again, batch)
    assert driver.state(moved_on.job_id) == JobState.RUNNING
    assert driver.waiting("validate") == 3
    driver.write(opened, batch)  # what the first call would have sent
    assert driver.waiting("validate") == 3
    assert driver.keys.hvals("wt:uses") == ["5"]
    driver.executed(moved_on)
    driver.run_all()
    assert driver.outcomes(opened.batch_id) == {"succeeded": 5}
    assert driver.left_in_the_schedule() == []


def test_a_producer_that_stays_away_is_given_up(driver: Driver) -> None:
    batch = driver.batch(5, idempotency_key="k")
    opened = driver.opened(batch)
    driver.write(opened, batch, 2)
    driver.run_all()
    assert driver.reconcile().abandoned == ()

    driver.keys.zadd("wt:opening", {opened.batch_id: 0})
    assert driver.reconcile().abandoned == (opened.batch_id,)
    driver.records.care.abandon(opened.batch_id, "The producer went away.")
    driver.finalize()
    status = driver.records.reading.batch_status(opened.batch_id)
    assert (status.done, driver.outcomes(opened.batch_id)) == (True, {"succeeded": 2, "lost": 3})
    report = driver.records.reports.report(f"{opened.batch_id}-4")
    assert report.message == ""  # the driver's reports have none
    assert [line.what for line in driver.records.reading.history(f"{opened.batch_id}-4")] == ["abandoned", "finished"]
    assert driver.opened(batch).written == 5
    assert driver.left_in_the_schedule() == []


def test_jobs_of_a_cancelled_batch_that_were_never_written_are_cancelled_soon(driver: Driver) -> None:
    batch = driver.batch(5)
    opened = driver.opened(batch)
    driver.write(opened, batch, 2)
    before = driver.keys.zscore("wt:opening", opened.batch_id)
    driver.cancel(opened.batch_id)
    assert driver.keys.zscore("wt:opening", opened.batch_id) < before - 50_000
    driver.write(opened, batch, 3)  # by a producer that is there after all
    assert driver.keys.zscore("wt:opening", opened.batch_id) >= before
    driver.keys.zadd("wt:opening", {opened.batch_id: 0})
    driver.records.care.abandon(opened.batch_id, "The producer went away.")
    driver.finalize()
    assert driver.outcomes(opened.batch_id) == {"cancelled": 5}
    transitions = driver.records.reading.history(f"{opened.batch_id}-4")
    assert [(line.what, line.who) for line in transitions[:2]] == [("abandoned", "reconciler"), ("cancelled", "client")]
    assert driver.left_in_the_schedule() == []


def test_a_producer_that_comes_back_just_in_time_is_not_given_up(driver: Driver) -> None:
    batch = driver.batch(3, idempotency_key="k")
    opened = driver.opened(batch)
    driver.keys.zadd("wt:opening", {opened.batch_id: 0})
    assert driver.reconcile().abandoned == (opened.batch_id,)
    driver.write(driver.opened(batch), batch, 1)
    driver.records.care.abandon(opened.batch_id, "The producer went away.")
    driver.write(driver.opened(batch), batch)
    driver.run_all()
    assert driver.outcomes(opened.batch_id) == {"succeeded": 3}


def test_a_batch_that_is_gone_takes_no_more_jobs(driver: Driver) -> None:
    batch = driver.batch(3)
    opened = driver.opened(batch)
    driver.keys.delete(f"wt:batch:{opened.batch_id}")
    with pytest.raises(NotFound, match="is closed to new jobs"):
        driver.write(opened, batch)
    assert driver.keys.keys("wt:code:*") == []


# -- bounds and refusals ---------------------------------------------------------------------------------


def test_a_full_queue_refuses_and_stores_nothing_until_jobs_have_ended(driver: Driver) -> None:
    driver.submit(2)
    before = driver.keys.dbsize()
    with pytest.raises(QueueFull) as caught:
        driver.opened(driver.batch(2, idempotency_key="k"), limit=3)
    assert (caught.value.waiting, caught.value.bound) == (2, 3)
    assert caught.value.retry_after > 0
    assert driver.keys.dbsize() == before
    driver.run_all()
    assert driver.opened(driver.batch(3, idempotency_key="k"), limit=3).written == 0


def test_a_batch_that_no_queue_would_take_is_not_told_to_wait(driver: Driver) -> None:
    with pytest.raises(InvalidInput, match="WINDTUNNEL_MAX_UNFINISHED allows 3"):
        driver.opened(driver.batch(4), limit=3)


@pytest.mark.parametrize(
    ("field", "jobs"),
    [
        ("jobs.1.code", [{"code": "print(1)"}, {"code": ""}]),
        ("jobs.1.limits.memory_mb", [{"code": "print(1)"}, {"code": "x", "limits": {"memory_mb": 4097}}]),
        ("jobs.0.idempotency_key", [{"code": "print(1)", "idempotency_key": "k"}]),
        ("jobs", []),
    ],
)
def test_a_refused_batch_names_the_field_and_stores_nothing(
    client: Client, keys: redis.Redis, field: str, jobs: list[dict[str, object]]
) -> None:
    with pytest.raises(InvalidInput, match="Nothing was stored") as caught:
        client.submit_batch(jobs)
    assert [problem.field for problem in caught.value.problems] == [field]
    assert keys.dbsize() == 0


@pytest.mark.parametrize("text", ["\ud800", "a\udfff"])
@pytest.mark.parametrize("where", ["params", "labels"])
def test_a_text_that_cannot_be_written_is_refused_and_burns_no_key(
    client: Client, keys: redis.Redis, where: str, text: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        client.submit_batch([{"code": "print(1)", where: {"a": text}}], idempotency_key="k")
    assert caught.value.problems[0].field.startswith(f"jobs.0.{where}")
    assert keys.dbsize() == 0


def test_a_single_refused_job_is_named_as_the_caller_wrote_it(client: Client, keys: redis.Redis) -> None:
    for job in ({"code": "print(1)", "limits": {"cpus": 5}}, {"code": "print(1)", "limits": {"cpus": 0}}):
        with pytest.raises(InvalidInput) as caught:
            client.submit(job)
        assert [problem.field for problem in caught.value.problems] == ["limits.cpus"]
    assert keys.dbsize() == 0


def test_messages_carry_ids_and_a_few_set_a_whole_batch_going(redis_url: str, keys: redis.Redis) -> None:
    batch = Batch(jobs=tuple(Job(code="print('marker_5512')", priority=at % 10) for at in range(1500)))
    with Client(redis_url, settings=Settings()) as client:
        name = client.submit_batch(batch)
    messages = keys.lrange("validate", 0, -1)
    assert 1 <= len(messages) <= 8
    assert all(name in message and "marker_5512" not in message for message in messages)
