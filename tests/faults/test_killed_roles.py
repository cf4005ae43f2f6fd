"""`kill -9` of a role at every step of the pipeline: the job ends once, as it would have, and nothing of it is left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from tests.faults import checks
from tests.faults.system import ROLES, System
from tests.faults.workload import EMITS, FAILS, LIMITS, REJECTED
from tests.support import unique, until

from windtunnel.contract import Isolation, Job, Outcome
from windtunnel_worker.sandbox import images

pytestmark = pytest.mark.faults

PROGRAM = str(Path(__file__).with_name("stopping_role.py"))
SCHEDULE, REPORTS = "windtunnel.records.schedule:Schedule", "windtunnel.records.reports:Reports"
STEPS = [
    ("validate", "before", f"{SCHEDULE}.claim"),
    ("validate", "after", f"{SCHEDULE}.claim"),
    ("validate", "before", f"{SCHEDULE}.judged"),
    ("validate", "after", f"{SCHEDULE}.judged"),
    ("execute", "before", f"{SCHEDULE}.claim"),
    ("execute", "after", f"{SCHEDULE}.claim"),
    ("execute", "before", f"{SCHEDULE}.executed"),
    ("execute", "after", f"{SCHEDULE}.executed"),
    ("finalize", "before", f"{REPORTS}.take"),
    ("finalize", "after", f"{REPORTS}.take"),
    ("finalize", "before", f"{REPORTS}.finish"),
    ("finalize", "after", f"{REPORTS}.finish"),
    ("finalize", "after", "windtunnel.records.care:Care.reconcile"),
]
PROGRAMS = {EMITS: Outcome.SUCCEEDED, FAILS: Outcome.FAILED, REJECTED: Outcome.REJECTED}


@pytest.fixture
def system(docker_engine: images.Image, redis_program: str, tmp_path: Path) -> Iterator[System]:
    variables = {"WINDTUNNEL_LEASE_S": "4", "SANDBOX_DEFAULT_IMAGE": docker_engine.name}
    system = System(redis_program, tmp_path, unique("killed"), slots=1, roles=(), variables=variables)
    yield system
    system.stop()
    assert system.remove_what_is_left() == 0


@pytest.mark.parametrize(
    ("role", "when", "place"), STEPS, ids=[f"{role}-{when}-{place.rpartition('.')[2]}" for role, when, place in STEPS]
)
def test_a_role_killed_there_loses_no_job_and_doubles_none(system: System, role: str, when: str, place: str) -> None:
    for name in ROLES:
        if name == role:
            system.start(name, program=(PROGRAM, place, when))
        else:
            system.start(name)
    with system.client() as client:
        jobs = [Job(code=code, params={"i": i}, limits=LIMITS) for i in range(2) for code in PROGRAMS]
        batch = client.submit_batch(jobs, isolation=Isolation.CELL)
        until(lambda: any(_is_stopped(pid) for pid in system.roles[role].everybody()), "it stops there")
        system.roles[role].down()
        system.start(role)
        status = client.wait(batch, timeout=120)
        assert status.outcomes == dict.fromkeys(PROGRAMS.values(), 2)
        finished = [event.job_id for event in client.stream(batch) if event.job_id]
        assert sorted(finished) == sorted(f"{batch}-{index}" for index in range(len(jobs)))
    assert checks.what_is_left(system) == []


def _is_stopped(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_STOPPED
    except psutil.NoSuchProcess:
        return False
