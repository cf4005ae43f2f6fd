"""`SandboxManager`, but for what happens in a sandbox."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest

from windtunnel.contract import Job, Outcome
from windtunnel.records import Records
from windtunnel.records.memory import records_in_memory
from windtunnel.testing import ended
from windtunnel_worker import SandboxManager
from windtunnel_worker.embedded import manager
from windtunnel_worker.sandbox import images


class Fails:
    """An executor whose programs fail."""

    def __init__(self, *_: object) -> None: ...

    def execute(self, *_: object) -> Any:
        return ended(Outcome.FAILED)

    def rest(self) -> None: ...


@pytest.fixture(autouse=True)
def scripted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manager, "Executor", Fails)
    monkeypatch.setattr(images, "libraries_of", lambda *_: {})


def test_a_job_gets_its_report_whatever_its_pool() -> None:
    report = SandboxManager().run_job(Job(code="print(1)", pool="gpu"))
    assert (report.outcome, report.pool) == (Outcome.FAILED, "gpu")


def test_nothing_is_kept_of_a_job_but_what_it_counts_for(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[weakref.ref[Records]] = []

    def noted() -> Records:
        records = records_in_memory()
        made.append(weakref.ref(records))
        return records

    monkeypatch.setattr(manager, "records_in_memory", noted)
    one = SandboxManager()
    for _ in range(2):
        one.run_job(Job(code="print(1)"))
    gc.collect()
    assert [records() for records in made] == [None, None]
    assert one.get_execution_stats()["failed_executions"] == 2
