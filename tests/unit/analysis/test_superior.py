"""The test of superior predictive ability: by hand on the same resamples, on noise, on an edge, among bad company."""

from __future__ import annotations

import builtins
import sys
from typing import Any

import numpy as np
import pytest
from arch.bootstrap import StationaryBootstrap
from numpy.typing import NDArray
from tests.scored import edge, noise, report

from windtunnel.analysis.superior import MOST_STRATEGIES, RESAMPLES, SEED, of_returns, superior
from windtunnel.client import results
from windtunnel.contract import Score
from windtunnel.errors import ExtraMissing, InvalidInput

PERIODS = 240


def returns(strategies: int, drift: float = 0.0, seed: int = 0) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(drift, 0.01, (PERIODS, strategies))


def score(number: int, positions: Any) -> Score:
    found = report(number, positions).score
    assert found is not None
    return found


def test_it_is_the_published_formula() -> None:
    found = of_returns(returns(7, 0.0004), np.zeros(PERIODS))
    assert found is not None
    beyond = returns(7, 0.0004) / returns(7, 0.0004).std(axis=0)
    block, mean = int(np.sqrt(PERIODS)), beyond.mean(axis=0)
    lags = np.arange(1, PERIODS)
    kernel = (1 - lags / PERIODS) * (1 - 1 / block) ** lags + lags / PERIODS * (1 - 1 / block) ** (PERIODS - lags)
    apart = beyond - mean
    covariances = np.array([(apart[:-lag] * apart[lag:]).sum(axis=0) / PERIODS for lag in lags])
    variance = (apart**2).mean(axis=0) + 2 * (kernel[:, None] * covariances).sum(axis=0)
    near = mean >= -np.sqrt(variance / PERIODS * 2 * np.log(np.log(PERIODS)))
    centres = np.maximum(mean, 0), np.where(near, mean, 0), mean
    reached = np.zeros(3)
    for (resample, *_), _ in StationaryBootstrap(block, beyond, seed=SEED).bootstrap(RESAMPLES):
        reached += [(resample.mean(axis=0) - centre).max() > mean.max() for centre in centres]
    assert (found.p_lower, found.p, found.p_upper) == tuple(reached / RESAMPLES)
    assert 0 < found.p < 1


def test_a_reference_number_holds() -> None:
    found = of_returns(returns(20, 0.0005, seed=4), np.zeros(PERIODS))
    assert found is not None
    assert (found.strategies, found.periods, found.left_out) == (20, PERIODS, 0)
    assert (found.p_lower, found.p, found.p_upper) == (0.168, 0.172, 0.172)


def test_the_best_of_noise_is_luck_and_an_edge_is_not() -> None:
    luck = [score(number, positions) for number, positions in enumerate(noise(60))]
    cash, bought = superior(luck)
    assert (cash.benchmark, bought.benchmark, cash.strategies) == ("cash", "buy and hold", 60)
    assert min(cash.p, bought.p) > 0.05
    assert all(one.p < 0.01 for one in superior([*luck, score(99, edge())]))
    assert superior(luck) == (cash, bought)


def test_how_large_its_positions_are_makes_no_strategy_better() -> None:
    skilled = returns(1, 0.002, seed=3)
    small = of_returns(np.hstack([returns(30, seed=5), skilled / 100]), np.zeros(PERIODS))
    usual = of_returns(np.hstack([returns(30, seed=5), skilled]), np.zeros(PERIODS))
    assert small is not None
    assert usual is not None
    assert small.p == usual.p < 0.05


def test_bad_strategies_hide_a_good_one_from_the_reality_check_only() -> None:
    good = returns(1, 0.0013, seed=8)
    bad = np.hstack([good, returns(200, -0.01, seed=9)])
    alone, crowded = of_returns(good, np.zeros(PERIODS)), of_returns(bad, np.zeros(PERIODS))
    assert alone is not None
    assert crowded is not None
    assert crowded.p < crowded.p_upper
    assert abs(crowded.p - alone.p) < 0.01


def test_what_cannot_be_tested_is_left_out_and_said() -> None:
    scores = [score(number, positions) for number, positions in enumerate([*noise(5), np.zeros(1000)])]
    cash, _ = superior(scores)
    assert (cash.strategies, cash.left_out) == (5, 1)
    assert superior([]) == ()
    assert of_returns(np.zeros((PERIODS, 3)), np.zeros(PERIODS)) is None
    assert of_returns(returns(3)[:19], np.zeros(19)) is None


def test_too_many_are_refused_before_they_take_memory() -> None:
    with pytest.raises(InvalidInput, match=r"5,000 scored jobs"):
        superior([score(0, noise(1)[0])] * (MOST_STRATEGIES + 1))


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *arguments: Any, **options: Any) -> Any:
        if name.partition(".")[0] == "arch":
            raise ImportError(name)
        return real(name, *arguments, **options)

    monkeypatch.delitem(sys.modules, "arch.bootstrap")
    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ExtraMissing, match=r"windtunnel\[spa\]"):
        results.superior([report(0, noise(1)[0])])
