"""What an agent's token is charged for its batches."""

from __future__ import annotations

import pytest
from tests.contract.driver import Driver

from windtunnel.records.allowances import Allowance, Cost


def test_a_finished_batch_costs_all_that_it_used(driver: Driver) -> None:
    allowances, allowance = driver.records.allowances, Allowance()
    charge = allowances.submission("token", allowance, Cost(jobs=100, slot_seconds=3000.0), "digest")
    allowances.opened(charge, driver.ready(100))
    assert allowances.used("token").slot_seconds == 3000.0
    for _ in range(100):
        (job,) = driver.claim()
        driver.executed(job, seconds=2.0)
    driver.finalize()
    allowances.validation("token", allowance)  # whatever is charged next settles what is finished
    used = allowances.used("token")
    assert used.jobs == 100
    assert used.slot_seconds == pytest.approx(200.0)
