"""`kill -9` of a slot at every step of a job's life: nothing of it is left, and the next job runs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support import PATIENCE_S, ROOT, environment, unique

from windtunnel.contract import Isolation, Job, Limits, Outcome
from windtunnel_worker.recovery.reaper import Reaper
from windtunnel_worker.sandbox import Assignment, Executor, images, list_sandboxes
from windtunnel_worker.settings import HostSettings

pytestmark = pytest.mark.faults

CONTAINER = "windtunnel_worker.sandbox.container:Sandbox"
POOL = "windtunnel_worker.sandbox.pool:Pool"
EXECUTOR = "windtunnel_worker.sandbox.executor:Executor"
RUN = "windtunnel_worker.sandbox.run:Run"
BOTH = (Isolation.CONTAINER, Isolation.CELL)


@dataclass(frozen=True)
class Step:
    """A moment in a job's life: just before or after a call."""

    name: str
    when: str
    place: str
    isolations: tuple[Isolation, ...] = BOTH


STEPS = [
    Step("about_to_create", "before", f"{CONTAINER}.__init__"),
    Step("created_and_not_attached", "before", f"{CONTAINER}._attach"),
    Step("attached_and_not_started", "after", f"{CONTAINER}._attach"),
    Step("started", "after", f"{CONTAINER}.__init__"),
    Step("waiting_until_it_is_ready", "before", f"{CONTAINER}.wait_ready"),
    Step("ready", "after", f"{CONTAINER}.wait_ready"),
    Step("taken_for_the_job", "after", f"{POOL}.take"),
    Step("preparing_the_next", "after", f"{POOL}.prepare", (Isolation.CONTAINER,)),
    Step("about_to_send_the_job", "before", f"{CONTAINER}.run"),
    Step("the_first_line_runs", "after", f"{RUN}._on_started"),
    Step("in_the_middle_of_the_program", "after", f"{RUN}._on_tick"),
    Step("ended_and_not_judged", "after", f"{CONTAINER}.run"),
    Step("judged_and_not_given_back", "before", f"{POOL}.give_back"),
    Step("given_back", "after", f"{POOL}.give_back"),
    Step("between_two_jobs", "after", f"{EXECUTOR}.execute"),
    Step("about_to_close_the_sandbox", "before", f"{CONTAINER}.close"),
    Step("stream_closed_and_not_removed", "before", f"{CONTAINER}._remove"),
    Step("removed", "after", f"{CONTAINER}._remove"),
    Step("shutting_down", "before", f"{POOL}.close"),
    Step("shut_down", "after", f"{POOL}.close"),
]


@pytest.mark.parametrize(
    ("step", "isolation"),
    [pytest.param(step, isolation, id=f"{isolation}-{step.name}") for step in STEPS for isolation in step.isolations],
)
def test_a_killed_slot_leaves_nothing(step: Step, isolation: Isolation, tested_image: images.Image) -> None:
    host = unique("killed")
    _kill_at(step, isolation, host, tested_image.name)

    deadline = time.monotonic() + PATIENCE_S
    while list_sandboxes(host):
        Reaper(host).reap()
        assert time.monotonic() < deadline, list_sandboxes(host)
        time.sleep(0.05)

    _the_next_job_runs(host, isolation, tested_image.name)
    assert list_sandboxes(host) == []


def _kill_at(step: Step, isolation: Isolation, host: str, image: str) -> None:
    paths = os.pathsep.join(path for path in sys.path if path)
    slot = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("slot.py")), host, image, isolation, step.place, step.when],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env=environment(
            PYTHONPATH=paths, **({"DOCKER_HOST": os.environ["DOCKER_HOST"]} if "DOCKER_HOST" in os.environ else {})
        ),
        text=True,
    )
    assert slot.stdout is not None
    with slot.stdout:
        said = slot.stdout.readline()
        slot.kill()
        assert (said, slot.wait()) == ("stopped\n", -signal.SIGKILL)


def _the_next_job_runs(host: str, isolation: Isolation, image: str) -> None:
    executor = Executor(HostSettings(host=host, SANDBOX_DEFAULT_IMAGE=image), "tests")
    try:
        job = Job(code="print('hello')", limits=Limits(memory_mb=128, processes=24))
        execution = executor.execute(Assignment("next-0", 1, job, (), isolation, "batch"))
        assert (execution.outcome, execution.stdout) == (Outcome.SUCCEEDED, "hello\n"), execution.message
    finally:
        executor.close()
