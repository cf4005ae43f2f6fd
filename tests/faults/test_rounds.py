"""Short rounds of random faults on a whole system, each a seed. `make faults` plays long ones."""

from __future__ import annotations

import pytest
from tests.faults.harness import Terms, play
from tests.faults.injections import INJECTIONS

from windtunnel_worker.sandbox import images

pytestmark = pytest.mark.rounds


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [101, 102, 103])
def test_every_job_has_one_report_whatever_breaks(seed: int, docker_engine: images.Image, redis_program: str) -> None:
    played = play(Terms(seed, jobs=60, lease_s=4, within_s=300))
    assert {one.kind for one in played.struck} & INJECTIONS.keys()
    assert not played.failure(), played.failure()
