"""The report that a record adds up to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.support import NOW, a_verdict, an_attempt, an_execution

from windtunnel.contract import (
    Failure,
    Job,
    Outcome,
    ProgramError,
    Record,
    Resources,
    Sample,
    SecurityLevel,
    Transition,
)
from windtunnel_worker.pipeline.collaborators import Scored
from windtunnel_worker.pipeline.report import build_report, with_score

JOB = Job(
    code="print(1)", name="ema", params={"fast": 12}, seed=7, labels={"team": "a"}, datasets=("sp500",), priority=3
)


def history(**seconds: float) -> tuple[Transition, ...]:
    return tuple(Transition(at=NOW + timedelta(seconds=at), what=what, who="here") for what, at in seconds.items())


HISTORY = history(submitted=0, validated=2, claimed=5, executed=9)


def record(**fields: Any) -> Record:
    return Record(
        **{
            "job_id": "batch-4",
            "spec": JOB,
            "code_sha256": JOB.code_sha256,
            "language": "python",
            "attempt": 2,
            "outcome": Outcome.SUCCEEDED,
            "history": HISTORY,
            "now": NOW + timedelta(seconds=10),
            "verdict": a_verdict(),
            "execution": an_execution(2),
            **fields,
        }
    )


def test_what_was_submitted_comes_back() -> None:
    report = build_report(record(), ())
    assert (report.job_id, report.batch_id, report.name, report.language) == ("batch-4", "batch", "ema", "python")
    assert (report.params, report.seed, report.labels, report.limits) == (JOB.params, 7, JOB.labels, JOB.limits)
    assert report.code_sha256 == JOB.code_sha256
    assert "print(1)" not in report.model_dump_json()


def test_the_attempt_joins_the_earlier_ones() -> None:
    earlier = an_attempt(1, Outcome.INFRASTRUCTURE_ERROR)
    report = build_report(record(attempts=(earlier,)), ())
    summary = report.summary
    assert report.attempts == (earlier, summary)
    assert (summary.number, summary.outcome, summary.host) == (2, Outcome.SUCCEEDED, "here")


def test_the_time_of_each_stage() -> None:
    report = build_report(record(execution=an_execution(2, prepare_s=0.5, resources=Resources(duration_s=2))), ())
    timings = report.timings
    assert (timings.queued_s, timings.waiting_s, timings.finalize_s, timings.total_s) == (2.0, 3.0, 1.0, 10.0)
    assert (timings.validate_s, timings.prepare_s, timings.execute_s) == (0.0015, 0.5, 2.0)


def test_stages_that_were_not_reached_took_no_time() -> None:
    verdict = a_verdict(SecurityLevel.CRITICAL)
    never_ran = {"outcome": Outcome.REJECTED, "execution": None, "history": history(submitted=0, validated=2)}
    report = build_report(record(verdict=verdict, **never_ran), ())
    assert (report.timings.waiting_s, report.timings.execute_s, report.timings.finalize_s) == (None, None, None)


def test_a_rejection_names_line_reason_and_fix() -> None:
    verdict = a_verdict(SecurityLevel.CRITICAL, SecurityLevel.HIGH, SecurityLevel.LOW)
    report = build_report(record(execution=None, verdict=verdict, outcome=Outcome.REJECTED), ())
    assert report.outcome is report.summary.outcome is Outcome.REJECTED
    assert report.message.startswith("Line 3: `os` reaches the operating system. Leave it out.")
    assert "1 more" in report.message


def test_a_job_that_ran_nowhere_ends_as_its_record_says() -> None:
    report = build_report(record(execution=None, outcome=Outcome.LOST, message="Its workers died."), ())
    assert report.outcome is report.summary.outcome is Outcome.LOST
    assert report.message == "Its workers died."


def test_a_retried_round_is_timed_from_the_retry() -> None:
    again = (*HISTORY, *history(finished=10, retried=20, validated=21, claimed=23, executed=24))
    report = build_report(record(history=again, now=NOW + timedelta(seconds=25)), ())
    assert (report.timings.queued_s, report.timings.waiting_s, report.timings.total_s) == (1.0, 2.0, 5.0)


def test_a_failure_gets_advice_in_error_and_message() -> None:
    error = ProgramError(type="KeyError", message="'close'", line=4)
    execution = an_execution(2, Outcome.FAILED, error=error, message="Line 4: KeyError: 'close'")
    report = build_report(record(execution=execution), ())
    assert report.execution is not None
    assert report.execution.error is not None
    assert report.execution.error.advice
    assert report.message.startswith("Line 4: KeyError: 'close'")
    assert report.message.endswith(report.execution.error.advice)


@pytest.mark.parametrize("outcome", [Outcome.TIMED_OUT, Outcome.MEMORY_EXCEEDED])
def test_a_limit_that_was_hit_gets_no_advice_on_an_exception(outcome: Outcome) -> None:
    error = ProgramError(type="KeyError", message="'close'")
    report = build_report(record(execution=an_execution(2, outcome, error=error, message="Too much.")), ())
    assert report.message == "Too much."


@pytest.mark.parametrize("checked", [True, False])
def test_a_limit_that_was_hit_during_the_look_ahead_check_says_what_shares_it(checked: bool) -> None:
    late = an_execution(2, outcome=Outcome.TIMED_OUT, message="Still running after 30 s.")
    report = build_report(record(execution=late, spec=JOB.model_copy(update={"check_lookahead": checked})), ())
    assert ("about thirty times" in report.message) is checked


def test_samples_refine_peaks_and_the_average() -> None:
    own = Resources(
        duration_s=2, cpu_percent_peak=50, memory_mb_peak=80, memory_mb_average=60, processes_peak=2, samples=1
    )
    samples = [
        Sample(elapsed_s=1, cpu_time_s=1, cpu_percent=cpu, memory_mb=memory, io_operations=0, processes=processes)
        for cpu, memory, processes in ((90, 70, 1), (10, 30, 4))
    ]
    execution = an_execution(2, resources=own)
    used = build_report(record(execution=execution), samples).resources
    assert (used.cpu_percent_peak, used.memory_mb_peak, used.memory_mb_average) == (90, 80, 50.0)
    assert (used.processes_peak, used.samples, used.duration_s) == (4, 2, 2)
    assert build_report(record(execution=execution), ()).resources == own


def test_versions_and_digests_of_what_ran_are_named() -> None:
    execution = an_execution(
        2, image_digest="sha256:1", dataset_digests={"sp500": "2"}, versions={"numpy": "9.9", "docker": "1"}
    )
    report = build_report(record(execution=execution), ())
    assert (report.image_digest, report.dataset_digests) == ("sha256:1", {"sp500": "2"})
    assert report.versions.keys() >= {"windtunnel", "celery", "numpy", "docker"}


def test_the_same_record_gives_the_same_bytes() -> None:
    first, second = (build_report(record(), ()).model_dump_json() for _ in range(2))
    assert first == second


def test_it_says_why_the_job_did_not_succeed() -> None:
    error = ProgramError(
        type="ValueError",
        message="expected 12 rows, got 3.5",
        traceback='  File "strategy.py", line 9, in <module>\n  File "strategy.py", line 4, in prepare\nValueError\n',
    )
    failed = an_execution(2, Outcome.FAILED).model_copy(update={"error": error})
    report = build_report(record(outcome=Outcome.FAILED, execution=failed), ())
    assert report.failure == Failure(type="ValueError", message="expected <n> rows, got <n>", frame="prepare")
    verdict = a_verdict(SecurityLevel.LOW, SecurityLevel.CRITICAL)
    rejected = build_report(record(outcome=Outcome.REJECTED, execution=None, verdict=verdict), ())
    assert rejected.failure is not None
    assert rejected.failure.type == verdict.issues[-1].rule
    lost = build_report(record(outcome=Outcome.LOST, message="Its worker died 3 times.", execution=None), ())
    assert lost.failure == Failure(type="lost", message="Its worker died <n> times.")
    assert build_report(record(), ()).failure is None


def test_positions_that_are_refused_are_a_failure() -> None:
    refused = with_score(build_report(record(), ()), Scored(refusal="Bar 7: the position is not finite."))
    assert refused.failure == Failure(type="failed", message="Bar <n>: the position is not finite.")
    assert [one.outcome for one in refused.attempts] == [Outcome.FAILED]


def test_who_returns_no_positions_on_data_is_told_how_to_be_scored() -> None:
    on_data = JOB.model_copy(update={"dataset_digests": {"sp500": "0" * 64}})
    assert "signals(data, params)" in build_report(record(spec=on_data), ()).why_unscored
    assert build_report(record(spec=on_data, outcome=Outcome.LOST, execution=None), ()).why_unscored == ""
    assert build_report(record(spec=JOB), ()).why_unscored == ""
