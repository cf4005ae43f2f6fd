"""A job that passes a stage waits again, once, and only for the attempt that passed it; promotions are noted once."""

from __future__ import annotations

import pytest
from tests import scored
from tests.contract.driver import Driver
from tests.support import a_report

from windtunnel.contract import Budget, JobSpec, Outcome, Promotion, Stage, StageRun
from windtunnel.records.reports import Unfinished, build_record

STAGES = (Stage(at_least=0.0, dataset_digests={}),)
RUN = StageRun(stage=1, metric="sharpe", at_least=0.0, value=1.0, passed=True)


def ended(driver: Driver) -> Unfinished:
    """A job of a cascade that has run its first stage."""
    driver.executed(driver.claim()[0])
    (taken,) = driver.records.reports.take(10)
    return taken


def advance(driver: Driver, job: Unfinished) -> bool:
    spec = build_record(job, None).spec
    assert spec is not None
    score = scored.report(0, scored.edge()).score
    report = a_report(job.job_id, attempt=job.attempt).model_copy(update={"score": score})
    return driver.records.reports.advance(job, spec.model_copy(update={"passed": (RUN,)}), report, "finalizer")


def test_a_job_that_passes_a_stage_waits_again_once(driver: Driver) -> None:
    batch = driver.ready(stages=STAGES)
    job = ended(driver)
    assert advance(driver, job)
    assert not advance(driver, job)
    assert driver.finish([job]) == [False]
    assert driver.records.trials.of("default", "prices").trials.count == 1
    status = driver.records.reading.job_statuses([job.job_id])[0]
    assert (status.state.value, status.stage, status.stages, status.attempt) == ("ready", 2, 2, 1)
    (again,) = driver.claim()
    assert (again.spec, again.attempt) == (JobSpec(params={"at": 0}, stages=STAGES, passed=(RUN,)), 2)
    driver.executed(again)
    assert driver.finalize() == [job.job_id]
    assert driver.outcomes(batch) == {"succeeded": 1}
    assert driver.left_in_the_schedule() == []


def test_a_job_starts_once_for_a_budget_of_jobs_whatever_its_stages(driver: Driver) -> None:
    batch = driver.ready(2, stages=STAGES, budget=Budget(jobs=1))
    assert advance(driver, ended(driver))
    driver.run_all()
    assert driver.outcomes(batch) == {"succeeded": 1, "cancelled": 1}
    assert driver.left_in_the_schedule() == []


def test_a_slot_that_dies_in_a_later_stage_has_all_attempts_again(driver: Driver) -> None:
    driver.ready(stages=STAGES)
    assert advance(driver, ended(driver))
    for session in ("one:1:a", "two:1:a"):
        (held,) = driver.claim(session)
        driver.expire(session)
        driver.reconcile()
    assert [one.attempt for one in driver.claim()] == [held.attempt + 1]


def test_what_was_cancelled_meanwhile_does_not_go_on(driver: Driver) -> None:
    for cancel in (driver.cancel, lambda batch: driver.records.submissions.close_batch(batch, "me")):
        batch = driver.ready(stages=STAGES)
        job = ended(driver)
        cancel(batch)
        assert not advance(driver, job)
        assert driver.finalize() == [job.job_id]
        assert driver.outcomes(batch) == {Outcome.CANCELLED: 1}
    assert driver.left_in_the_schedule() == []


def test_a_job_whose_batch_was_removed_leaves_with_it(driver: Driver) -> None:
    batch = driver.ready(stages=STAGES)
    job = ended(driver)
    driver.keys.delete(f"wt:batch:{batch}")
    assert not advance(driver, job)
    assert driver.records.reports.take(10) == []


def test_a_program_is_noted_once_a_hold_out(driver: Driver) -> None:
    promotions, holdouts = driver.records.promotions, {"one": "1" * 64, "two": "2" * 64}
    assert promotions.find("x = 1", "python", holdouts) is None
    assert promotions.claim("x = 1", "python", holdouts, "b-0") == ""
    assert promotions.claim("x = 1", "python", holdouts, "b-0") == ""
    assert promotions.claim("x = 1", "python", {"one": "1" * 64}, "b-1") == "b-0"
    assert promotions.claim("x = 2", "python", {"two": "2" * 64}, "b-2") == ""
    assert [promotions.count({"any": one * 64}) for one in "123"] == [1, 2, 0]
    found = Promotion(holdouts=holdouts, bars=7)
    report = a_report("b-0").model_copy(update={"promotion": found, "code_sha256": "0" * 64})
    promotions.note(report.model_copy(update={"outcome": Outcome.LOST}))
    assert promotions.claim("x = 1", "python", holdouts, "b-0") == ""
    promotions.note(report)
    promotions.note(report.model_copy(update={"promotion": found.model_copy(update={"bars": 8})}))
    assert promotions.claim("x = 1", "python", holdouts, "b-0") == "b-0"
    earlier = promotions.find("x = 1", "python", {"two": "2" * 64})
    assert earlier is not None
    assert (earlier.job_id, earlier.outcome, earlier.promotion) == ("b-0", "succeeded", found)


@pytest.mark.parametrize(("value", "job"), [(b"", "?"), (b" ", "?"), (b"\xff", "\ufffd"), (b"b-0", "b-0")])
def test_a_program_whose_note_was_damaged_has_been_promoted(driver: Driver, value: bytes, job: str) -> None:
    promotions, holdouts = driver.records.promotions, {"one": "1" * 64}
    promotions.claim("x = 1", "python", holdouts, "b-0")
    key = f"wt:promotions:{'1' * 64}"
    driver.keys.hset(key, next(iter(driver.keys.hkeys(key))), value)
    assert promotions.claim("x = 1", "python", holdouts, "b-1") == job
    promotions.find("x = 1", "python", holdouts)
