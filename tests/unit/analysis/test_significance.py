"""The published reference numbers, to nine digits, and how the formulas behave at their edges."""

from __future__ import annotations

import json
from itertools import pairwise
from math import inf, isclose, isfinite, nan, sqrt
from pathlib import Path
from typing import Any

import pytest

from windtunnel.analysis.significance import (
    deflated_sharpe,
    expected_maximum,
    haircut,
    minimum_backtest_years,
    minimum_track_record,
    noise_level,
    p_value,
    probabilistic_sharpe,
    sharpe_of,
)

NUMBERS: dict[str, Any] = json.loads((Path(__file__).parent / "significance_numbers.json").read_text())
DAILY = 2.5 / sqrt(250)


def near(found: float | None, expected: float) -> bool:
    return found is not None and isclose(found, expected, abs_tol=1e-9)


@pytest.mark.parametrize(("trials", "expected"), NUMBERS["expected_max_z"].items())
def test_expected_maximum(trials: str, expected: float) -> None:
    assert near(expected_maximum(int(trials)), expected)


def test_noise_level() -> None:
    expected = NUMBERS["expected_max"]
    assert near(noise_level(100, 0.5 / 250), expected["per_period"])
    assert near(noise_level(100, 0.5), expected["annual"])


@pytest.mark.parametrize(
    ("trials", "skewness", "kurtosis", "name"),
    [(100, -3, 10, "N=100"), (46, -3, 10, "N=46"), (88, 0, 3, "N=88, skew 0, kurtosis 3")],
)
def test_deflated_sharpe(trials: int, skewness: float, kurtosis: float, name: str) -> None:
    found = deflated_sharpe(DAILY, 1250, skewness, kurtosis, trials=trials, variance=0.5 / 250)
    assert near(found, NUMBERS["dsr"][name])


def test_probabilistic_sharpe() -> None:
    expected = NUMBERS["psr_vs_0"]
    assert near(probabilistic_sharpe(0.458, 24), expected["normal"])
    assert near(probabilistic_sharpe(0.458, 24, -2.448, 10.164), expected["skew -2.448 kurtosis 10.164"])


@pytest.mark.parametrize(
    ("name", "bars", "skewness", "kurtosis"),
    [
        ("daily(252)", 252, 0, 3),
        ("weekly(52)", 52, 0, 3),
        ("monthly(12)", 12, 0, 3),
        ("monthly skew -0.72 kurt 5.78", 12, -0.72, 5.78),
    ],
)
def test_minimum_track_record(name: str, bars: int, skewness: float, kurtosis: float) -> None:
    found = minimum_track_record(2 / sqrt(bars), skewness, kurtosis, benchmark=1 / sqrt(bars))
    assert near(found and found / bars, NUMBERS["min_track_record_years_sr2_vs_sr1_95"][name])


def test_numbers_known_to_fewer_digits() -> None:
    assert round(minimum_backtest_years(45, 1.0), 1) == 5.0
    assert round(haircut(0.75, 20, 200) or 0.0, 3) == 0.324


def test_one_trial_is_not_deflated() -> None:
    assert expected_maximum(1) == 0.0
    single = deflated_sharpe(DAILY, 1250, -3, 10, trials=1, variance=0.5 / 250)
    assert single == probabilistic_sharpe(DAILY, 1250, -3, 10)


def test_the_deflated_ratio_falls_as_trials_spread_or_grow() -> None:
    spread = [deflated_sharpe(DAILY, 1250, 0, 3, trials=50, variance=v / 250) or 0 for v in (0.1, 0.5, 1.0, 2.0)]
    grown = [deflated_sharpe(DAILY, 1250, 0, 3, trials=n, variance=0.5 / 250) or 0 for n in (1, 2, 10, 1000, 10**8)]
    for falling in (spread, grown):
        assert all(later < earlier for earlier, later in pairwise(falling))


def test_what_has_no_answer_is_none() -> None:
    assert probabilistic_sharpe(1.0, 1) is None
    assert probabilistic_sharpe(1.0, 100, skewness=5.0, kurtosis=3.0) is None
    assert minimum_track_record(0.1, benchmark=0.1) is None


def test_p_values_and_ratios_belong_together() -> None:
    for sharpe in (0.01, 0.5, 3.0):
        assert isclose(sharpe_of(p_value(sharpe, 7), 7), sharpe, rel_tol=1e-9)
    assert sharpe_of(p_value(20.0, 30), 30) > 5


@pytest.mark.parametrize("odd", [nan, inf, -inf, 1e300])
def test_figures_that_no_returns_have_give_no_answer(odd: float) -> None:
    answers = (
        probabilistic_sharpe(odd, 100),
        probabilistic_sharpe(0.1, 100, odd, odd),
        minimum_track_record(odd),
        minimum_track_record(0.1, 0.0, odd),
    )
    assert [one for one in answers if one is not None and not isfinite(one)] == []
    assert answers[0] is None
    assert probabilistic_sharpe(0.1, 100, benchmark=nan) is None
    assert (haircut(nan, 20, 200), haircut(inf, 20, 200), haircut(0.75, 0, 200), haircut(0.75, nan, 1)) == (None,) * 4


def test_moments_of_a_negative_variance_give_no_answer() -> None:
    assert (probabilistic_sharpe(1.0, 100, 5.0, 1.0), minimum_track_record(1.0, 5.0, 1.0)) == (None, None)
