"""The ledger of trials: bounded where it is written and where it is read, and right beyond its bounds."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from math import isclose

import numpy as np
from tests import scored
from tests.contract.driver import Driver

from windtunnel.analysis.ledger import Sharpe, Trials, sharpe_of
from windtunnel.contract import Report
from windtunnel.records.trials import TrialLedger

MOST = 100_000
TRIALS = "wt:trials:default:prices"


def digest(number: int) -> str:
    return f"{number:064x}"[::-1]


def fill(driver: Driver, count: int, dataset: str = "prices", first: int = 0) -> list[Sharpe]:
    """So many trials that were made before, on 100 to 900 bars."""
    rng = np.random.default_rng(0)
    bars = rng.integers(100, 900, count).tolist()
    made = [Sharpe(*one) for one in zip(rng.normal(0.0, 0.05, count).tolist(), bars, strict=True)]
    for start in range(0, count, 5000):
        part = {
            digest(first + at): f"{made[at].per_bar!r}/{made[at].bars}" for at in range(start, min(count, start + 5000))
        }
        driver.keys.hset(f"wt:trials:default:{dataset}", mapping=part)
    return made


def finish(driver: Driver, *reports: Report) -> None:
    for report in reports:
        driver.ready(1)
        driver.executed(driver.claim()[0])
        driver.finish(driver.records.reports.take(1), score=report.score, params=report.params)


def test_beyond_100_000_trials_all_count_and_reading_them_takes_bounded_memory(real: Driver) -> None:
    made = fill(real, MOST - 1)
    reports = [scored.report(number, positions) for number, positions in enumerate(scored.noise(12))]
    finish(real, *reports)
    assert real.keys.hlen(TRIALS) == MOST
    ledger = real.records.trials.of("default", "prices")
    expected = Trials.of([*made, *(sharpe_of(one.score) for one in reports if one.score)])
    assert (len(ledger.known), ledger.trials.count) == (MOST, MOST + 11)
    tracemalloc.start()
    found = real.records.trials.excluding("default", ["prices"], ())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 24 * 2**20
    for one in (found, ledger.trials):
        assert (one.scored, one.flat, one.bars) == (expected.scored, 0, expected.bars)
        assert isclose(one.mean, expected.mean, rel_tol=1e-9, abs_tol=1e-12)
        assert isclose(one.variance(1000), expected.variance(1000), rel_tol=1e-9)
    # An earlier version noted figures without the bars: they count, and nothing else.
    real.keys.delete(f"{TRIALS}:more")
    real.keys.hset(f"{TRIALS}:more", mapping={"scored": 7, "flat": 1, "mean": 0.3, "squares": 2.0})
    another = scored.report(99, scored.noise(1, seed=5)[0])
    finish(real, another)
    found = real.records.trials.excluding("default", ["prices"], ())
    expected = Trials.of([*made, *(sharpe_of(one.score) for one in (reports[0], another) if one.score)])
    assert (found.scored, found.flat) == (expected.scored, 8)
    assert isclose(found.variance(1000), expected.variance(1000), rel_tol=1e-9)


def test_a_trial_on_several_datasets_counts_once(driver: Driver) -> None:
    made = fill(driver, 30)
    fill(driver, 20, dataset="other", first=20)
    driver.keys.hset(TRIALS, digest(99), "-")
    found: TrialLedger = driver.records.trials
    both = found.excluding("default", ["other", "prices"], [digest(0), digest(39)])
    assert (both.scored, both.flat) == (38, 1)
    one = found.excluding("default", ["prices"], [])
    assert replace(one, mean=0.0, squares=0.0) == Trials(30, 1, 0, sum(bars for _, bars in made))
    assert isclose(one.mean, sum(ratio * bars for ratio, bars in made) / one.bars)
    assert found.excluding("somebody", ["prices"], []) == found.excluding("default", ["unknown"], []) == Trials()


def test_what_is_damaged_counts_as_a_trial_without_a_ratio(driver: Driver) -> None:
    damaged = {"no digest": "x", digest(1): "nan/10", digest(3): "0.1/0", digest(4): "0.1/x", digest(5): "0.1"}
    driver.keys.hset(TRIALS, mapping={**damaged, digest(2): "0.5/40"})
    driver.keys.hset(f"{TRIALS}:more", mapping={"scored": 7, "flat": "?", "mean": "?"})
    assert driver.records.trials.excluding("default", ["prices"], []) == Trials(1, 12, 0, 40, 0.5, 0.0)
