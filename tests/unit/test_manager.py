"""`SandboxManager` where no Docker Engine answers."""

from __future__ import annotations

import pytest

from windtunnel.contract import Job, Outcome
from windtunnel_worker import SandboxManager


@pytest.mark.usefixtures("docker_away")
def test_a_job_gets_its_report_whatever_its_pool() -> None:
    report = SandboxManager().run_job(Job(code="print(1)", pool="gpu"))
    assert (report.outcome, report.pool) == (Outcome.INFRASTRUCTURE_ERROR, "gpu")
