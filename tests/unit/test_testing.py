"""`windtunnel.testing`: a whole Windtunnel in this process, for tests of apps."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.support import a_report, check_examples

from windtunnel import testing
from windtunnel.contract import JobState, Outcome
from windtunnel.errors import InvalidInput, NotFound, QueueFull, SandboxFailure
from windtunnel.records.memory import records_in_memory
from windtunnel.settings import Settings
from windtunnel.testing import Tunnel, ended, succeeded

APP = """
import sys


def test_without_it():
    assert "windtunnel.contract" not in sys.modules


def test_with_it(windtunnel_tunnel):
    from windtunnel.testing import succeeded

    tunnel = windtunnel_tunnel(lambda assignment: succeeded(sharpe=1.5))
    batch = tunnel.client.submit_sweep("print(1)", grid={"fast": [5, 10]})
    assert [one.execution.values for one in tunnel.client.reports(batch)] == [{"sharpe": 1.5}] * 2
    assert windtunnel_tunnel(paused=True).client.batches() == []
"""
"""An app's tests."""


def test_the_example_in_its_docstring() -> None:
    check_examples(testing)


def test_each_job_ends_as_its_script_says() -> None:
    def script(assignment: object) -> object:
        at = assignment.job.params["at"]  # type: ignore[attr-defined]
        return succeeded(at=at) if at else ended(Outcome.TIMED_OUT, "Too slow.")

    tunnel = Tunnel(script)  # type: ignore[arg-type]
    batch = tunnel.client.submit_batch([{"code": "print(1)", "params": {"at": at}} for at in range(3)])
    reports = list(tunnel.client.reports(batch))
    assert [report.outcome.value for report in reports] == ["timed_out", "succeeded", "succeeded"]
    assert reports[0].message == "Too slow."
    assert tunnel.client.retry(batch, outcomes="timed_out") == [f"{batch}-0"]
    with pytest.raises(InvalidInput, match="'timedout' is not a valid Outcome; there are: succeeded"):
        tunnel.client.retry(batch, outcomes=["timedout"])
    assert [event.kind.value for event in tunnel.client.stream(batch)][-1] == "batch_finished"
    assert tunnel.client.wait(batch).done


def test_unsafe_programs_are_rejected_by_the_real_validator() -> None:
    tunnel = Tunnel()
    report = tunnel.client.report(tunnel.client.submit({"code": "import os"}))
    assert report.outcome is Outcome.REJECTED
    assert report.message.startswith("Line 1:")


def test_nothing_runs_while_it_is_paused() -> None:
    tunnel = Tunnel(paused=True)
    job = tunnel.client.submit({"code": "print(1)"})
    assert tunnel.client.status(job).state is JobState.QUEUED
    with pytest.raises(NotFound, match="no report yet"):
        tunnel.client.report(job)
    assert tunnel.client.cancel(job) == 1
    assert tunnel.client.report(job).outcome is Outcome.CANCELLED


def test_refusals_and_retries_are_those_of_the_real_one() -> None:
    tunnel = Tunnel(paused=True, settings=Settings(max_unfinished=1))
    with pytest.raises(InvalidInput):
        tunnel.client.submit({"code": ""})
    job = tunnel.client.submit({"code": "print(1)"})
    with pytest.raises(QueueFull):
        tunnel.client.submit({"code": "print(1)"})
    tunnel.run()
    assert tunnel.client.retry(job) == [job]
    tunnel.run()
    assert [attempt.number for attempt in tunnel.client.report(job).attempts] == [1, 2]


def test_apps_have_a_fixture_that_loads_nothing_before_it_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "test_app.py").write_text(APP)
    words = ["-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert "2 passed" in done.stdout, done.stdout + done.stderr


def test_jobs_of_any_pool_run() -> None:
    client = Tunnel().client
    batch = client.submit_batch([{"code": "print(1)", "pool": pool} for pool in ("default", "gpu", "large")])
    assert client.status(batch).outcomes == {Outcome.SUCCEEDED: 3}


def test_threads_may_share_a_tunnel() -> None:
    client = Tunnel().client

    def run(_: int) -> dict[Outcome, int]:
        return client.status(client.submit_batch([{"code": "print(1)"}] * 5)).outcomes

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(run, range(4))) == [{Outcome.SUCCEEDED: 5}] * 4


@pytest.mark.parametrize(
    ("script", "mistake"),
    [
        (lambda assignment: assignment.nothing, AttributeError),
        (lambda _: ended("no_such_outcome"), InvalidInput),
        (lambda _: {"sharpe": 1.5}, TypeError),
        (5, TypeError),
    ],
)
def test_a_mistake_in_a_script_is_raised_where_the_job_runs(script: Any, mistake: type[Exception]) -> None:
    client = Tunnel(script).client
    with pytest.raises(mistake):
        client.submit({"code": "print(1)"})
    assert client.batches()[0].done


def test_a_fault_of_the_machinery_is_repeated() -> None:
    def script(assignment: Any) -> Any:
        if assignment.attempt == 1:
            raise SandboxFailure("The container vanished.")
        return succeeded()

    client = Tunnel(script).client
    report = client.wait(client.submit({"code": "print(1)"}))
    assert (report.outcome, report.summary.number) == (Outcome.SUCCEEDED, 2)


def test_a_breaker_stops_a_batch_of_a_tunnel() -> None:
    client = Tunnel(lambda _: ended("failed")).client
    batch = client.submit_batch([{"code": "print(1)"}] * 9, budget={"same_failure": 3})
    assert client.status(batch).outcomes[Outcome.CANCELLED] >= 5


def test_datasets_of_a_tunnel_are_a_list() -> None:
    with pytest.raises(InvalidInput, match="give a list of names"):
        Tunnel(datasets="sp500")


def test_records_in_memory_are_seen_by_nobody_else() -> None:
    one, other = records_in_memory(), records_in_memory()
    one.hosts.seen("here", 1, "", ["default"], [])
    assert other.hosts.all() == []
    assert not other.submissions.retry(a_report("b-0"), "me")
