"""Summaries of a batch's jobs without what they printed, and what the whole queue holds."""

from __future__ import annotations

import pytest
from tests.contract.driver import HERE, Driver

from windtunnel.client import Client
from windtunnel.contract import Execution, JobState, Outcome, Report, Resources, Waiting
from windtunnel.errors import InvalidInput
from windtunnel.testing import Tunnel, ended
from windtunnel.wake import Silent
from windtunnel_worker.sandbox.assignment import Assignment


def test_the_queue_is_counted_by_owner_and_priority(driver: Driver) -> None:
    driver.ready(3, owner="ann", priority=2)
    driver.ready(2, owner="bob")
    driver.submit(4, owner="bob", codes=["print(2)", "print(3)"])
    driver.claim(HERE)
    stats = driver.records.listing.stats()
    assert (stats.ready, stats.running, stats.unfinished) == (4, 1, 9)
    assert set(stats.waiting) == {
        Waiting(owner="ann", priority=2, jobs=2),
        Waiting(owner="bob", priority=5, jobs=6),
    }
    assert stats.oldest_s is not None
    assert stats.oldest_s >= 0
    assert [(one.owner, one.running, one.slot_seconds) for one in stats.owners] == [("ann", 1, 0)]


def test_the_owners_that_used_the_most_slot_seconds_come_first(driver: Driver) -> None:
    for owner, jobs in {"ann": 1, "bob": 2}.items():
        driver.ready(jobs, owner=owner)
        driver.run_all()
    first, second = driver.records.listing.stats().owners
    assert (first.owner, first.running, second.owner) == ("bob", 0, "ann")
    assert first.slot_seconds > second.slot_seconds > 0


def test_the_newest_batches_of_an_owner_are_found_behind_those_of_others(driver: Driver) -> None:
    first, second = (driver.submit(1, owner="ann") for _ in range(2))
    for _ in range(3):
        driver.submit(1, owner="bob")
    with Client(records=driver.records, broker=Silent()) as client:
        assert [one.batch_id for one in client.batches(owner="ann")] == [second, first]
        assert [one.batch_id for one in client.batches(1, owner="ann")] == [second]
        assert client.batches(owner="nobody") == client.batches(owner="\udcff") == []


def test_outcomes_are_counted_and_an_idle_queue_has_no_oldest(driver: Driver) -> None:
    assert driver.records.listing.stats().oldest_s is None
    driver.ready(2)
    driver.run_all()
    driver.ready(1)
    driver.run_all(outcome=Outcome.FAILED)
    stats = driver.records.listing.stats()
    assert stats.outcomes == {Outcome.SUCCEEDED: 2, Outcome.FAILED: 1}
    assert (stats.oldest_s, stats.unfinished, stats.waiting) == (None, 0, ())


@pytest.fixture
def swept() -> tuple[Client, str]:
    """Seven jobs: the first failed, the others took 6, 5, … 1 seconds and printed something."""

    def script(assignment: Assignment) -> Execution:
        at = assignment.job.params["at"]
        if at == 0:
            return ended(Outcome.FAILED, "It broke. " + "x" * 1000)
        used = Resources(duration_s=7 - int(str(at)))
        return Execution(attempt=1, outcome=Outcome.SUCCEEDED, stdout="printed" * 100, resources=used)

    client = Tunnel(script).client
    return client, client.submit_sweep("print(1)", params=[{"at": at} for at in range(7)])


def test_jobs_are_listed_with_figures_and_without_output(swept: tuple[Client, str]) -> None:
    client, batch = swept
    jobs = client.jobs(batch)
    assert [one.params["at"] for one in jobs] == list(range(7))
    assert [one.duration_s for one in jobs[1:]] == [6, 5, 4, 3, 2, 1]
    assert jobs[0].message.startswith("It broke.")
    assert len(jobs[0].message) <= 300
    assert all("printed" not in one.model_dump_json() for one in jobs)


def test_jobs_are_filtered_ordered_and_paged(swept: tuple[Client, str]) -> None:
    client, batch = swept

    def at(**options: object) -> list[object]:
        return [one.params["at"] for one in client.jobs(batch, **options)]  # type: ignore[arg-type]

    assert at(outcome="failed") == [0]
    assert at(outcome=[Outcome.FAILED, "succeeded"], order_by="duration_s") == [0, 6, 5, 4, 3, 2, 1]
    assert at(outcome="succeeded", order_by="-duration_s", page=2, size=4) == [5, 6]
    assert at(page=2, size=3) == [3, 4, 5]
    assert at(order_by="sharpe", size=2) == [0, 1]
    assert at(page=9, size=3) == []


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("order_by", {"order_by": "sharp"}),
        ("outcome", {"outcome": "won"}),
        ("page", {"page": 0, "size": 3}),
        ("size", {"size": 0}),
        ("size", {"page": 2}),
    ],
)
def test_what_cannot_be_listed_is_named(swept: tuple[Client, str], field: str, options: dict[str, object]) -> None:
    client, batch = swept
    with pytest.raises(InvalidInput) as caught:
        client.jobs(batch, **options)  # type: ignore[arg-type]
    assert [problem.field for problem in caught.value.problems] == [field]


def test_a_job_that_is_queued_again_has_no_figures_of_its_last_attempt() -> None:
    tunnel = Tunnel(paused=True)
    job = tunnel.client.submit({"code": "print(1)"})
    tunnel.run()
    tunnel.client.retry(job)
    (one,) = tunnel.client.jobs(job.partition("-")[0])
    assert (one.state, one.duration_s, one.outcome) == (JobState.QUEUED, None, None)


def test_a_record_that_is_gone_or_damaged_hides_no_other_job(driver: Driver) -> None:
    batch = driver.ready(5)
    driver.run_all()
    jobs = [f"wt:job:{batch}-{index}" for index in range(5)]
    driver.keys.delete(jobs[0], jobs[1])
    driver.keys.set(jobs[1], "x")
    driver.keys.hset(jobs[2], "state", "x")
    driver.keys.hset(jobs[3], mapping={"figures": "{", "outcome": "x"})
    summaries = list(driver.records.listing.summaries([job.removeprefix("wt:job:") for job in jobs]))
    assert [one.job_id for one in summaries] == [f"{batch}-3", f"{batch}-4"]
    reports = driver.records.reports.reports([job.removeprefix("wt:job:") for job in jobs])
    assert [isinstance(one, Report) for one in reports] == [False, False, True, True, True]
