"""Every process is restarted once while 500 jobs run, as an upgrade does it: `deploy/RUNBOOK.md`, Care."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.faults import checks
from tests.faults.system import ROLES, Role, System
from tests.faults.workload import PlannedBatch, plan
from tests.support import unique, until

from windtunnel.client import Client
from windtunnel.client.ids import BatchId
from windtunnel_worker.sandbox import images

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
JOBS = 520
"""Of which some would be cancelled, and are left out: 500 run."""


@pytest.mark.parametrize("seed", [7])
def test_no_job_ends_otherwise_or_needs_another_attempt(
    seed: int, docker_engine: images.Image, redis_program: str, tmp_path: Path
) -> None:
    planned = [batch for batch in plan(seed, JOBS) if not batch.cancelled]
    count = sum(len(batch.jobs) for batch in planned)
    variables = {"SANDBOX_DEFAULT_IMAGE": docker_engine.name}
    with System(redis_program, tmp_path, unique("rolling"), variables=variables) as system, system.client() as client:
        system.await_slots()
        batches = {
            client.submit_batch([one.job for one in each.jobs], isolation=each.isolation): each for each in planned
        }
        for number, name in enumerate((*ROLES, "redis")):
            await_finished(client, batches, count * (number + 1) // 8)
            assert finished(client, batches) < count, "there is nothing left to be disturbed"
            if name == "redis":
                system.redis.stop()
                system.redis.await_ready()
            else:
                restart(system.roles[name])
        for batch in batches:
            client.wait(batch, timeout=300)
        assert checks.wrong_reports(client, {str(batch): each for batch, each in batches.items()}) == {}
        attempts = {report.job_id: len(report.attempts) for batch in batches for report in client.reports(batch)}
        assert {job: made for job, made in attempts.items() if made > 1} == {}
        assert {name: role.starts for name, role in system.roles.items()} == dict.fromkeys(ROLES, 2)
        assert checks.what_is_left(system) == []
    assert system.remove_what_is_left() == 0


def finished(client: Client, batches: Mapping[BatchId, PlannedBatch]) -> int:
    return sum(client.status(batch).finished for batch in batches)


def await_finished(client: Client, batches: Mapping[BatchId, PlannedBatch], count: int) -> None:
    until(lambda: finished(client, batches) >= count, f"{count} jobs have ended", 300)


def restart(role: Role) -> None:
    """Tell it to stop, and wait until it does; it is started again at once."""
    before = role.pid
    os.kill(before, signal.SIGTERM)
    until(lambda: role.pid != before and role.running, f"{role.name} runs again", 90)
