"""The ledger of trials: bounded where it is written and where it is read, and right beyond its bounds."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from math import isclose

import numpy as np
from tests import scored
from tests.contract.driver import Driver

from windtunnel.analysis.ledger import Trials
from windtunnel.contract import Report
from windtunnel.records.trials import TrialLedger

MOST = 100_000
TRIALS = "wt:trials:default:prices"


def digest(number: int) -> str:
    return f"{number:064x}"[::-1]


def fill(driver: Driver, count: int, dataset: str = "prices", first: int = 0) -> list[float]:
    """Ratios of so many trials that were made before."""
    ratios = [float(one) for one in np.random.default_rng(0).normal(0.0, 0.05, count)]
    for start in range(0, count, 5000):
        part = {digest(first + at): repr(ratios[at]) for at in range(start, min(count, start + 5000))}
        driver.keys.hset(f"wt:trials:default:{dataset}", mapping=part)
    return ratios


def finish(driver: Driver, *reports: Report) -> None:
    for report in reports:
        driver.ready(1)
        driver.executed(driver.claim()[0])
        driver.finish(driver.records.reports.take(1), score=report.score, params=report.params)


def test_beyond_100_000_trials_all_count_and_reading_them_takes_bounded_memory(real: Driver) -> None:
    ratios = fill(real, MOST - 1)
    reports = [scored.report(number, positions) for number, positions in enumerate(scored.noise(12))]
    finish(real, *reports)
    assert real.keys.hlen(TRIALS) == MOST
    ledger = real.records.trials.of("default", "prices")
    own = [one.score.metrics.sharpe_per_bar for one in reports if one.score]
    expected = Trials.of([*ratios, *own])
    assert (len(ledger.known), ledger.trials.count) == (MOST, MOST + 11)
    tracemalloc.start()
    found = real.records.trials.excluding("default", ["prices"], ())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 24 * 2**20
    for one in (found, ledger.trials):
        assert (one.scored, one.flat) == (expected.scored, 0)
        assert isclose(one.mean, expected.mean, rel_tol=1e-9, abs_tol=1e-12)
        assert isclose(one.variance, expected.variance, rel_tol=1e-9)


def test_a_trial_on_several_datasets_counts_once(driver: Driver) -> None:
    ratios = fill(driver, 30)
    fill(driver, 20, dataset="other", first=20)
    driver.keys.hset(TRIALS, digest(99), "-")
    found: TrialLedger = driver.records.trials
    both = found.excluding("default", ["other", "prices"], [digest(0), digest(39)])
    assert (both.scored, both.flat) == (38, 1)
    one = found.excluding("default", ["prices"], [])
    assert replace(one, mean=0.0, squares=0.0) == Trials(30, 1)
    assert isclose(one.mean, sum(ratios) / 30)
    assert found.excluding("somebody", ["prices"], []) == found.excluding("default", ["unknown"], []) == Trials()


def test_what_is_damaged_counts_as_a_trial_without_a_ratio(driver: Driver) -> None:
    driver.keys.hset(TRIALS, mapping={"no digest": "x", digest(1): "nan", digest(2): "0.5"})
    driver.keys.hset(f"{TRIALS}:more", mapping={"scored": "?", "mean": "?"})
    assert driver.records.trials.excluding("default", ["prices"], []) == Trials(1, 2, 0, 0.5, 0.0)
