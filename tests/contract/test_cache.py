"""The result cache: equal jobs run once, others never wait for what is served later, and nobody is left behind."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.contract.driver import HERE, QUEUE, THERE, Driver
from tests.support import a_verdict

from windtunnel.contract import Budget, Execution, Issue, Job, JobSummary, Limits, Outcome, Scoring
from windtunnel.keyspace import batch_of, job_id
from windtunnel.records.schedule import VALIDATE, Claimed, Held, repeatable
from windtunnel.records.submissions import prepare
from windtunnel.testing import Tunnel, succeeded
from windtunnel_worker.sandbox.assignment import Assignment

SAME: dict[str, Any] = {"params": {}, "cache": True}


def lead(driver: Driver, count: int = 1, **options: Any) -> tuple[str, Held]:
    """A batch of equal jobs, and the one of them that runs."""
    batch = driver.ready(count, **{**SAME, **options})
    (leader,) = driver.claim(THERE)
    return batch, leader


def end(driver: Driver, job: Held, outcome: Outcome = Outcome.SUCCEEDED, session: str = THERE) -> None:
    driver.executed(job, session, outcome=outcome)
    driver.finalize()


def claims(driver: Driver) -> list[str]:
    """The jobs that had to run until nothing was left."""
    ran = driver.run_all()
    driver.finalize()
    return ran


def test_equal_jobs_under_way_run_once(driver: Driver) -> None:
    batch = driver.ready(1300, **SAME)
    assert driver.waiting(QUEUE) == 1
    assert driver.records.listing.stats().following == 1299
    assert len(claims(driver)) == 1
    assert driver.outcomes(batch) == {"succeeded": 1300}
    assert driver.records.listing.stats().following == 0
    assert driver.left_in_the_schedule() == []
    assert driver.unfinished() == 0


def test_an_equal_job_is_answered_by_one_that_ran_before(driver: Driver) -> None:
    driver.ready(1, **SAME)
    (first,) = claims(driver)
    batch = driver.ready(700, **SAME)
    assert driver.waiting(QUEUE) == 0
    driver.finalize()
    assert driver.outcomes(batch) == {"succeeded": 700}
    assert driver.records.reading.history(f"{batch}-0")[-2].detail == first


@pytest.mark.parametrize(
    "other",
    [
        {"params": {"a": 1}}, {"seed": 1}, {"limits": Limits(timeout_s=5)}, {"scoring": Scoring(warmup=1)},
        {"codes": ["print(2)"]}, {"image": "other:1"}, {"cache": False},
    ],
)  # fmt: skip
def test_what_differs_in_anything_that_decides_the_result_runs(driver: Driver, other: dict[str, Any]) -> None:
    driver.ready(1, **SAME)
    driver.ready(1, **{**SAME, **other})
    assert len(claims(driver)) == 2


def test_names_labels_and_priorities_decide_nothing_and_datasets_do() -> None:
    def key(digests: dict[str, str], **fields: Any) -> str:
        return prepare([Job(code="print(1)", **fields)], [digests], cache=True)[0].cache

    assert key({}) == key({}, name="other", labels={"a": "b"}, priority=1)
    keys = {key({"sp": one * 64}, datasets=("sp",)) for one in "ab"} | {key({})}
    assert len(keys) == 3
    assert prepare([Job(code="print(1)")])[0].cache == ""


@pytest.mark.parametrize("outcome", [Outcome.LOST, Outcome.INFRASTRUCTURE_ERROR, Outcome.CANCELLED])
def test_faults_of_the_machinery_are_never_passed_on(driver: Driver, outcome: Outcome) -> None:
    batch, leader = lead(driver, 3)
    end(driver, leader, outcome)
    assert len(claims(driver)) == 1
    assert driver.outcomes(batch) == {"succeeded": 2, outcome.value: 1}


def test_a_failure_is_a_result_and_a_timeout_is_one_for_those_that_waited(driver: Driver) -> None:
    batch, leader = lead(driver, 3)
    end(driver, leader, Outcome.FAILED)
    assert driver.outcomes(batch) == {"failed": 3}
    batch, leader = lead(driver, 3, seed=1)
    end(driver, leader, Outcome.TIMED_OUT)
    assert driver.outcomes(batch) == {"timed_out": 3}
    driver.ready(1, **SAME, seed=1)
    assert len(claims(driver)) == 1


def test_followers_go_on_when_their_leader_is_cancelled(driver: Driver) -> None:
    first = driver.ready(1, **SAME)
    second = driver.ready(4, **SAME)
    assert driver.waiting(QUEUE) == 1
    driver.cancel(first)
    driver.finalize()
    assert len(claims(driver)) == 1
    assert driver.outcomes(second) == {"succeeded": 4}


def test_followers_end_at_once_when_they_are_cancelled(driver: Driver) -> None:
    first, leader = lead(driver)
    second = driver.ready(4, **SAME)
    assert driver.cancel(second) == 4
    driver.finalize()
    assert driver.outcomes(second) == {"cancelled": 4}
    end(driver, leader)
    assert driver.outcomes(first) == {"succeeded": 1}
    assert driver.records.listing.stats().following == 0


def test_a_leader_whose_worker_died_goes_on_leading(driver: Driver) -> None:
    batch, _ = lead(driver, 3)
    driver.expire(THERE)
    driver.reconcile()
    assert len(claims(driver)) == 1
    assert driver.outcomes(batch) == {"succeeded": 3}


@pytest.mark.parametrize("gone", ["job", "batch"])
def test_followers_go_on_when_the_leader_was_removed(driver: Driver, gone: str) -> None:
    first, leader = lead(driver)
    second = driver.ready(3, **SAME)
    driver.keys.delete(f"wt:{gone}:{leader.job_id if gone == 'job' else first}")
    driver.expire(THERE)
    for digest in driver.keys.zrange("wt:following", 0, -1):
        driver.keys.zadd("wt:following", {digest: 1})
    driver.reconcile()
    driver.finalize()
    assert len(claims(driver)) <= 1
    assert driver.outcomes(second) == {"succeeded": 3}


@pytest.mark.parametrize("part", ["lane", "lanes", "batches", "owners", "classes"])
def test_followers_go_on_when_what_leads_to_their_leader_was_removed(driver: Driver, part: str) -> None:
    batch = driver.ready(3, **SAME)
    driver.keys.delete(*driver.keys.keys(f"wt:{part}:*"))
    driver.keys.hset("wt:counters", "following", 9)
    for digest in driver.keys.zrange("wt:following", 0, -1):
        driver.keys.zadd("wt:following", {digest: 1})
    driver.reconcile()
    assert driver.records.listing.stats().following == 2
    assert len(claims(driver)) == 1
    assert driver.outcomes(batch) == {"succeeded": 3}


def test_a_follower_that_was_removed_costs_nobody_else_a_report(driver: Driver) -> None:
    batch, leader = lead(driver, 4)
    driver.keys.delete(f"wt:job:{job_id(batch, 2)}")
    end(driver, leader)
    assert driver.outcomes(batch) == {"succeeded": 3, "lost": 1}


def test_nobody_waits_for_a_job_that_is_served_later(driver: Driver) -> None:
    driver.ready(1, **SAME, owner="ann", priority=9)
    driver.ready(1, **SAME, owner="ann", priority=1)
    driver.ready(1, **SAME, owner="bob", priority=9)
    assert driver.waiting(QUEUE) == 3
    assert len(claims(driver)) == 3


def test_a_job_that_runs_already_is_waited_for(driver: Driver) -> None:
    lead(driver, owner="ann", priority=9)
    driver.ready(5, **SAME, owner="bob", priority=1)
    assert driver.waiting(QUEUE) == 0


def test_another_image_makes_an_earlier_result_stale(driver: Driver) -> None:
    driver.host("there", has=["language:python"])
    driver.records.hosts.holds_images("there", {"language:python": "sha256:1"})
    _, leader = lead(driver)
    driver.executed(leader, THERE)
    (taken,) = driver.records.reports.take(9)
    driver.finish([taken], image_digest="sha256:1")
    driver.ready(1, **SAME)
    assert driver.waiting(QUEUE) == 0
    driver.records.hosts.holds_images("there", {"language:python": "sha256:2"})
    driver.ready(1, **SAME)
    assert driver.waiting(QUEUE) == 1


def test_a_retry_runs_and_is_not_answered_from_the_cache(driver: Driver) -> None:
    batch = driver.ready(2, **SAME)
    claims(driver)
    assert driver.records.submissions.retry(driver.records.reports.report(f"{batch}-1"), "client")
    assert claims(driver) == [f"{batch}-1"]
    assert [attempt.number for attempt in driver.records.reports.report(f"{batch}-1").attempts] == [1, 2]


def test_followers_of_a_batch_whose_budget_is_spent_end(driver: Driver) -> None:
    _, leader = lead(driver)
    batch = driver.ready(3, **SAME, budget=Budget(wall_s=60))
    driver.keys.hincrby(f"wt:batch:{batch}", "since", -60_000)
    for digest in driver.keys.zrange("wt:following", 0, -1):
        driver.keys.zadd("wt:following", {digest: 1})
    driver.reconcile()
    driver.finalize()
    assert driver.outcomes(batch) == {"cancelled": 3}
    assert driver.state(leader.job_id) == "running"


def test_a_job_whose_source_cannot_be_read_any_more_runs_itself(driver: Driver) -> None:
    driver.ready(1, **SAME)
    claims(driver)
    batch = driver.ready(1, **SAME)
    (taken,) = driver.records.reports.take(9)
    assert taken.cached_from
    driver.records.reports.run_itself(taken.job_id)
    assert claims(driver) == [f"{batch}-0"]
    assert driver.outcomes(batch) == {"succeeded": 1}


def test_programs_that_read_the_clock_or_are_not_python_are_not_cached(driver: Driver) -> None:
    issue = Issue(severity=0, rule="repeat.clock", category="", message="", line=1, column=1, text="", fix="")
    clock = a_verdict().model_copy(update={"issues": (issue,)})
    assert repeatable(a_verdict())
    assert not repeatable(clock)
    assert not repeatable(a_verdict().model_copy(update={"language": "go"}))
    driver.submit(2, **SAME)
    claimed = driver.claimed(queue=VALIDATE, most=9)
    assert isinstance(claimed, Claimed)
    driver.records.schedule.judged(claimed, HERE, "strict@1", clock)
    assert len(claims(driver)) == 2


# -- with the whole pipeline -----------------------------------------------------------------------------


def counting() -> tuple[list[str], Tunnel]:
    """A tunnel, and the jobs that really ran in it."""
    ran: list[str] = []

    def script(assignment: Assignment) -> Execution:
        ran.append(assignment.job_id)
        return succeeded(sharpe=1.5)

    return ran, Tunnel(script)


def test_a_report_from_the_cache_says_so_and_has_names_of_its_own() -> None:
    ran, tunnel = counting()
    client = tunnel.client
    first = client.submit_batch([{"code": "print(1)", "name": "one"}], cache=True)
    second = client.submit_batch([{"code": "print(1)", "name": "two", "labels": {"a": "b"}}] * 3, cache=True)
    assert ran == [f"{first}-0"]
    reports = list(client.reports(second))
    assert [report.cached_from for report in reports] == [f"{first}-0"] * 3
    assert tunnel.records.metrics.read().counters["reused"] == 3
    assert {(report.name, report.labels["a"], report.job_id.partition("-")[0]) for report in reports} == {
        ("two", "b", second)
    }
    assert reports[0].execution
    assert reports[0].execution.values == {"sharpe": 1.5}
    assert reports[0].attempts[-1].number == 1
    summary: JobSummary = client.jobs(second)[0]
    assert summary.cached_from == f"{first}-0"
    assert json.loads(reports[0].model_dump_json())["cached_from"]
    assert batch_of(summary.job_id) == second


def test_a_batch_may_opt_out() -> None:
    ran, tunnel = counting()
    for _ in range(2):
        tunnel.client.submit_batch([{"code": "print(1)"}], cache=False)
    assert len(ran) == 2


def test_a_program_that_reads_the_clock_runs_each_time() -> None:
    ran, tunnel = counting()
    code = "import datetime\nprint(datetime.datetime.now())"
    tunnel.client.submit_batch([{"code": code}] * 3, cache=True)
    assert len(ran) == 3


def test_sessions_on_two_hosts_share_one_run(driver: Driver) -> None:
    batch, leader = lead(driver, 2)
    assert driver.claim(HERE) == []
    end(driver, leader)
    assert driver.outcomes(batch) == {"succeeded": 2}
