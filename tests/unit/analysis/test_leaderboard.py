"""Luck is called luck, a real edge is found, and nothing that a program says is ranked."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from math import isclose, sqrt
from typing import Any

import numpy as np
import pytest
from tests.scored import MARKET, edge, noise, prices, report

from windtunnel.analysis.leaderboard import SIGNIFICANT, leaderboard
from windtunnel.analysis.ledger import Sharpe, Trials, sharpes_of, trials_of
from windtunnel.analysis.overfitting import of_blocks, of_returns
from windtunnel.analysis.significance import expected_maximum
from windtunnel.analysis.trials import clusters, effective
from windtunnel.contract import Execution, Outcome, Report, Sight
from windtunnel.contract.lookahead import LookAhead
from windtunnel_worker.scoring import Market, Prices


@pytest.fixture(scope="module")
def lucky() -> list[Report]:
    return [report(number, wanted) for number, wanted in enumerate(noise(400))]


def test_the_best_of_noise_is_not_significant(lucky: list[Report]) -> None:
    found = leaderboard(lucky)
    best = found.ranked[0]
    assert not any(row.significant for row in found.ranked)
    assert (best.score.probabilistic_sharpe or 0) > 0.95  # alone, it would have looked like skill
    assert "No result is significant" in found.verdict
    assert (found.noise_level or 0) > 0.8


STEPS = np.random.default_rng(0).normal(0.0, 0.01, 1000)
RISING = Prices("prices", MARKET.datasets[0].times, 100 * np.exp(np.cumsum(STEPS - STEPS.mean() + 0.0009)))
"""A market with a Sharpe ratio of about 1.5."""


@pytest.mark.parametrize("kind", ["in or out", "any size"])
def test_noise_that_rises_with_its_market_is_not_significant(kind: str) -> None:
    """Whoever is long at random in a rising market earns a part of the rise, which needs no skill."""
    market, rng = Market([RISING], 252.0), np.random.default_rng(3)
    draws = rng.integers(0, 2, (300, 1000)) if kind == "in or out" else rng.random((300, 1000))
    found = leaderboard([report(number, wanted, market) for number, wanted in enumerate(draws)])
    assert max(row.deflated or 0 for row in found.ranked) >= SIGNIFICANT  # what luck alone explains is not enough
    assert not any(row.significant for row in found.ranked)
    assert "luck and the market's own rise" in found.verdict
    held = leaderboard([report(0, np.ones(1000), market)]).ranked[0]
    assert (held.score.market_correlation or 0) > 0.999
    assert held.beyond_market == pytest.approx(0.5, abs=0.02)


def test_an_edge_that_is_only_ever_long_is_found_in_a_rising_market() -> None:
    market = Market([RISING], 252.0)
    draws = np.random.default_rng(3).integers(0, 2, (200, 1000))
    found = leaderboard(
        [
            *(report(number, wanted, market) for number, wanted in enumerate(draws)),
            report(1000, np.maximum(edge(market), 0.0), market),
        ]
    )
    assert found.ranked[0].report.job_id == "b-1000"
    assert [row.significant for row in found.ranked[:2]] == [True, False]


def test_noise_in_many_small_batches_is_not_significant(lucky: list[Report]) -> None:
    ledger: dict[str, Sharpe | None] = {}
    significant = 0
    for start in range(0, 400, 20):
        batch = lucky[start : start + 20]
        earlier = Trials.of(sharpe for trial, sharpe in ledger.items() if trial not in sharpes_of(batch))
        found = leaderboard(batch, earlier)
        significant += sum(row.significant for row in found.ranked[:1])
        ledger |= sharpes_of(batch)
        assert found.all_trials.count == len(ledger)
    assert significant == 0


def test_a_real_edge_among_noise_is_found(lucky: list[Report]) -> None:
    found = leaderboard([*lucky[:200], report(1000, edge())])
    assert found.ranked[0].report.job_id == "b-1000"
    assert [row.significant for row in found.ranked[:2]] == [True, False]


def flat() -> Report:
    return report(900, np.zeros(1000))


def test_undefined_ratios_stand_below_and_unranked(lucky: list[Report]) -> None:
    found = leaderboard([flat(), *lucky[:5]])
    assert [row.report.job_id for row in found.unranked] == ["b-900"]
    assert found.unranked[0].why == "it never traded"
    assert [row.rank for row in found.ranked] == [1, 2, 3, 4, 5]
    assert (found.trials.scored, found.trials.flat, found.trials.count) == (5, 1, 6)


@pytest.mark.parametrize(
    ("sight", "why", "none"),
    [
        (Sight.LEAKS, "it looks ahead", "No job is ranked: all look ahead."),
        (Sight.UNSTABLE, "it is not reproducible", "No job is ranked: none is reproducible."),
    ],
)
def test_what_a_check_refuted_is_not_ranked_and_does_not_raise_what_luck_reaches(
    lucky: list[Report], sight: Sight, why: str, none: str
) -> None:
    ahead = LookAhead(sight=sight, message="Its positions change.")
    found = leaderboard([report(900, edge(share=0.99), look_ahead=ahead), *lucky[:5]])
    assert [(row.report.job_id, row.why) for row in found.unranked] == [("b-900", why)]
    assert found.trials.count == 6
    assert found.noise_level == leaderboard([flat(), *lucky[:5]]).noise_level
    alone = leaderboard([report(900, edge(share=0.99), look_ahead=ahead)])
    assert alone.verdict == none


def test_what_programs_say_is_never_ranked(lucky: list[Report]) -> None:
    said = Execution(attempt=1, outcome=Outcome.SUCCEEDED, values={"sharpe": 9.99, "deflated": 1.0, "rank": 1})
    liar, failed = report(901, execution=said), report(902, edge(), outcome=Outcome.FAILED)
    found = leaderboard([liar, failed, *lucky[:3]])
    assert {row.report.job_id for row in found.ranked} == {"b-0", "b-1", "b-2"}
    assert [one.job_id for one in found.self_reported] == ["b-901"]
    assert found.trials.failed == 1


def test_the_noise_level_is_annual_and_counts_all_trials(lucky: list[Report]) -> None:
    earlier = Trials.of([Sharpe(0.05, 1000), Sharpe(-0.05, 1000), Sharpe(0.1, 1000)])
    found = leaderboard(lucky[:50], earlier)
    everything = found.all_trials
    assert everything.count == 53
    ratios = [row.score.metrics.sharpe_per_bar or 0.0 for row in found.ranked]
    expected = np.std([*ratios, 0.05, -0.05, 0.1], ddof=1) * expected_maximum(53) * sqrt(252)
    assert isclose(found.noise_level or 0, expected, rel_tol=1e-12)


SHORT, LONG = Market([prices(250, seed=6)], 252.0), Market([prices(2500, seed=7)], 252.0)


def test_an_edge_that_came_through_a_short_stage_is_found() -> None:
    """Sharpe ratios on few bars scatter widely; that must not raise what luck reaches on many."""
    stage = Trials.of(sharpes_of(report(n, one, SHORT) for n, one in enumerate(noise(100, 250))).values())
    whole = [report(1000, edge(LONG), LONG), *(report(n, one, LONG) for n, one in enumerate(noise(9, 2500)))]
    found, early = leaderboard(whole, stage), leaderboard([report(1000, edge(SHORT), SHORT)], stage)
    assert found.all_trials.count == 110
    assert [(row.report.job_id, row.significant) for row in found.ranked[:1]] == [("b-1000", True)]
    assert (early.noise_level or 0) / (found.noise_level or 1) == pytest.approx(sqrt(2500 / 250), rel=0.2)


def test_noise_on_few_bars_is_not_significant_next_to_noise_on_many() -> None:
    few = [report(number, wanted, SHORT) for number, wanted in enumerate(noise(100, 250))]
    many = [report(1000 + number, wanted, LONG) for number, wanted in enumerate(noise(200, 2500))]
    alone, together = leaderboard(few), leaderboard([*few, *many])
    deflated = {row.report.job_id: row.deflated or 0.0 for row in together.ranked}
    assert not any(row.significant for row in together.ranked)
    assert all(deflated[row.report.job_id] < (row.deflated or 0.0) + 0.05 for row in alone.ranked)


def test_a_batch_without_scores() -> None:
    found = leaderboard([report(1), report(2, outcome=Outcome.FAILED, message="m")])
    assert (found.ranked, found.noise_level, found.overfitting) == ((), None, None)
    assert found.verdict == "No job has a Sharpe ratio: none returned positions."
    nothing = leaderboard([report(2, outcome=Outcome.FAILED, message="m")])
    assert nothing.verdict == "No job has a Sharpe ratio: none succeeded."
    assert leaderboard([]).verdict == "No job has a Sharpe ratio."


# Trials


def test_trials_add_up_as_if_counted_together() -> None:
    ratios, bars = [0.1, None, -0.2, 0.05, 0.3, None, 0.0], [10, 0, 500, 20, 20, 0, 1000]
    values = [None if one is None else Sharpe(one, count) for one, count in zip(ratios, bars, strict=True)]
    for cut in range(len(values) + 1):
        parts = Trials.of(values[:cut], failed=1) + Trials.of(values[cut:], failed=2)
        whole = Trials.of(values, failed=3)
        assert (parts.scored, parts.flat, parts.failed) == (whole.scored, whole.flat, whole.failed)
        assert isclose(parts.variance(7), whole.variance(7), rel_tol=1e-12)
        assert parts.bars == whole.bars == 1550
        assert isclose(parts.mean, whole.mean, abs_tol=1e-15)


def test_the_same_trial_is_counted_once(lucky: list[Report]) -> None:
    again = lucky[0].model_copy(update={"job_id": "b-77", "name": "other"})
    assert trials_of([lucky[0], again]).count == 1
    other = lucky[0].model_copy(update={"params": {"number": -1}})
    assert trials_of([lucky[0], other]).count == 2


def test_a_program_that_draws_lots_is_tried_each_time_that_it_runs(lucky: list[Report]) -> None:
    again = lucky[0].model_copy(update={"job_id": "b-77", "score": lucky[1].score})
    assert trials_of([lucky[0], again]).count == 2


def test_variants_of_one_idea_are_one_cluster() -> None:
    rng = np.random.default_rng(3)
    ideas = rng.normal(size=(12, 300))
    rows = np.concatenate([idea + 0.3 * rng.normal(size=(25, 300)) for idea in ideas])
    mixed = rng.permutation(len(rows))
    labels = clusters(rows[mixed], rng.random(len(rows)))
    assert len(set(labels)) == 12
    for idea in range(12):
        assert len(set(labels[mixed // 25 == idea])) == 1


def test_effective_trials_of_a_batch(lucky: list[Report]) -> None:
    base = noise(3, seed=9)
    variants = []
    for number in range(30):
        wanted = base[number % 3].copy()
        wanted[number * 10 : number * 10 + 10] = 0.0
        variants.append(report(2000 + number, wanted))
    assert effective([one.score for one in variants if one.score]).count == 3
    independent = effective([one.score for one in lucky[:100] if one.score])
    assert 90 <= independent.count <= 100


# Overfitting


def slowly(returns: Any, blocks: int) -> tuple[float, int]:
    """The same by the definition, split by split."""
    parts, low = np.array_split(returns, blocks), []
    for chosen in combinations(range(blocks), blocks // 2):
        inside = np.vstack([parts[place] for place in chosen])
        outside = np.vstack([parts[place] for place in range(blocks) if place not in chosen])
        winner = np.argmax(inside.mean(0) / inside.std(0, ddof=1))
        after = outside.mean(0) / outside.std(0, ddof=1)
        rank = ((after < after[winner]).sum() + 1) / (returns.shape[1] + 1)
        low.append(rank <= 0.5)
    return float(np.mean(low)), len(low)


@pytest.mark.parametrize("blocks", [6, 10])
def test_overfitting_is_as_defined(blocks: int) -> None:
    returns = np.random.default_rng(5).normal(size=(300, 15))
    found = of_returns(returns, blocks)
    assert found is not None
    assert (found.probability, found.splits) == slowly(returns, blocks)


def test_sixteen_blocks_have_12870_splits() -> None:
    found = of_returns(np.random.default_rng(5).normal(size=(160, 12)), 16)
    assert found is not None
    assert found.splits == 12_870


def test_one_strategy_that_always_wins_is_not_overfitted() -> None:
    returns = np.random.default_rng(5).normal(size=(500, 20))
    returns[:, 7] += 1.0
    found = of_returns(returns)
    assert found is not None
    assert (found.probability, round(found.median_rank, 2)) == (0.0, 0.95)


def test_blocks_of_scores_give_the_same_answer(lucky: list[Report]) -> None:
    scores = [one.score for one in lucky[:40] if one.score]
    close = MARKET.datasets[0].close
    moves = np.concatenate(([0.0], close[1:] / close[:-1] - 1))
    returns = np.column_stack([np.concatenate(([0, 0], wanted[:-2])) * moves for wanted in noise(400)[:40]])
    from_blocks, direct = of_blocks([one.blocks for one in scores]), of_returns(returns)
    assert from_blocks == direct


def test_overfitting_is_that_of_the_jobs_over_the_same_bars(lucky: list[Report]) -> None:
    """A job over other bars must not take the answer away, and as many bars of another time are others."""
    later = prices()
    other = Market([replace(later, times=later.times + 86_400 * 10**9)], 252.0)
    alone = leaderboard(lucky[:40]).overfitting
    assert alone is not None
    mixed = [report(1000, noise(1, 250)[0], SHORT), report(1001, noise(1)[0], other), *lucky[:40]]
    assert leaderboard(mixed).overfitting == alone


def test_too_few_strategies_give_no_answer() -> None:
    assert of_returns(np.random.default_rng(5).normal(size=(300, 9))) is None
    assert of_blocks([]) is None
