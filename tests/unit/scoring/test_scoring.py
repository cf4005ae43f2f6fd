"""Positions and prices in, figures out: by hand, against another library, and on what a program may get wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import import_module
from math import isclose, prod
from typing import Any

import numpy as np
import pytest

from windtunnel.contract.score import Score, Scoring
from windtunnel_worker.scoring import Market, Positions, Prices, Unscorable, score
from windtunnel_worker.scoring.fills import follow
from windtunnel_worker.scoring.inputs import join, stamp
from windtunnel_worker.scoring.metrics import drawdown

DAY = 86_400 * 10**9
OPEN = [100.0, 102.0, 108.0, 100.0, 120.0]
CLOSE = [100.0, 110.0, 99.0, 121.0, 121.0]
WANTED = [1.0, 1.0, -1.0, 0.0, 0.0]


def days(count: int, start: str = "2024-01-01") -> np.ndarray[Any, Any]:
    return np.datetime64(start, "ns").astype(np.int64) + np.arange(count, dtype=np.int64) * DAY


def five() -> Prices:
    return Prices("five", days(5), np.array(CLOSE), np.array(OPEN))


def walk(bars: int, seed: int = 1, name: str = "walk") -> Prices:
    steps = np.random.default_rng(seed).normal(0.0003, 0.01, (2, bars))
    close = 100 * np.exp(np.cumsum(steps[0]))
    return Prices(name, days(bars, "2015-01-01"), close, close * np.exp(steps[1] / 3))


def scored(prices: Prices, wanted: Any, year: float | None = 252, **scoring: Any) -> Score:
    positions = Positions(prices.times, np.asarray(wanted, dtype=float).reshape(len(prices.times), -1))
    return score(Market([prices], year), positions, Scoring(**scoring))


# Five bars by hand


def test_filled_at_the_next_close() -> None:
    found = scored(five(), WANTED)
    assert isclose(found.final_equity, 1.1, abs_tol=1e-12)
    assert found.curve.equity == (1.0, 1.0, 0.9, 1.1, 1.1)
    assert "next bar's close" in found.convention
    assert "as the same fraction of equity" in found.convention


def test_filled_at_the_next_open() -> None:
    found = scored(five(), WANTED, fill="open")
    assert isclose(found.final_equity, 0.7843137254901961, abs_tol=1e-12)
    assert "next bar's open" in found.convention


def test_commission_lowers_equity_and_nothing_else() -> None:
    free, charged = scored(five(), WANTED), scored(five(), WANTED, commission_bps=10)
    assert isclose(charged.final_equity, 1.1 * 0.999 * 0.998 * 0.999, abs_tol=1e-12)
    assert charged.trading.turnover == free.trading.turnover == 4.0
    assert charged.trading.fills == 3
    assert "0.001 * |change of positions|" in charged.costs


def test_filling_at_the_close_that_was_seen_is_shown_for_contrast_and_labelled() -> None:
    found = scored(five(), WANTED)
    contrast = found.stress[-1]
    assert "not attainable" in contrast.label
    assert isclose(contrast.total_return or 0.0, 0.77 - 1, abs_tol=1e-12)


def test_costs_are_shown_once_twice_and_three_times() -> None:
    found = scored(five(), WANTED, commission_bps=4, slippage_bps=6)
    totals = [one.total_return for one in found.stress[:3]]
    expected = [1.1 * prod(1 - times * 0.001 * size for size in (1, 2, 1)) - 1 for times in (1, 2, 3)]
    assert totals == pytest.approx(expected, abs=1e-12)
    assert found.metrics.total_return == totals[0]


def test_trades_of_the_five_bars() -> None:
    found = scored(five(), [1.0, 1.0, -1.0, -1.0, -1.0])
    assert (found.trading.trades, found.trading.fills) == (2, 2)
    assert found.trading.hit_rate == 0.5  # 110 → 121 gained; short from 121 to 121 did not
    assert found.trading.exposure == 0.6
    assert found.trading.open_positions == {"five": -1.0}


def test_one_bar_of_peeking_gains_nothing() -> None:
    prices = walk(600)
    tomorrow = np.sign(np.diff(prices.close, append=prices.close[-1]))
    today = np.sign(np.diff(prices.close, prepend=prices.close[0]))
    assert (scored(prices, tomorrow).metrics.sharpe or 0) < 3  # knows the move before its own fill only
    assert abs(scored(prices, today).metrics.sharpe or 0) < 3
    assert (scored(prices, tomorrow).stress[-1].sharpe or 0) > 10


def test_starting_capital_and_window_are_stated() -> None:
    found = scored(five(), WANTED, capital=50_000)
    assert isclose(found.final_equity, 55_000)
    assert (found.bars, str(found.first.date()), str(found.last.date())) == (5, "2024-01-01", "2024-01-05")


# Against formulas written another way


def test_buy_and_hold_is_what_always_long_gets() -> None:
    for fill in ("close", "open"):
        found = scored(walk(400), np.ones(400), fill=fill, commission_bps=20)
        for name in ("total_return", "sharpe", "max_drawdown", "volatility"):
            assert isclose(getattr(found.metrics, name), getattr(found.benchmark, name), rel_tol=1e-9), (fill, name)


def test_metrics_against_empyrical() -> None:
    empyrical = import_module("empyrical")
    prices = walk(700)
    wanted = np.sign(np.sin(np.arange(700) / 9))
    found = scored(prices, wanted, 252).metrics
    held = np.concatenate(([0.0, 0.0], wanted[:-2]))
    returns = held * np.concatenate(([0.0], prices.close[1:] / prices.close[:-1] - 1))
    expected = {
        "total_return": empyrical.cum_returns_final(returns),
        "annual_return": empyrical.annual_return(returns, annualization=252),
        "volatility": empyrical.annual_volatility(returns, annualization=252),
        "sharpe": empyrical.sharpe_ratio(returns, annualization=252),
        "sortino": empyrical.sortino_ratio(returns, annualization=252),
        "max_drawdown": empyrical.max_drawdown(returns),
        "calmar": empyrical.calmar_ratio(returns, annualization=252),
    }
    assert {name: getattr(found, name) for name in expected} == pytest.approx(expected, rel=1e-9)


def test_drawdown_is_measured_from_the_starting_capital() -> None:
    for curve, depth, length in (([0.9, 0.8, 1.0], -0.2, 3), ([1.1, 1.0, 1.05], 1 / 1.1 - 1, 2)):
        found, bars = drawdown(np.array(curve))
        assert (round(found, 12), bars) == (round(depth, 12), length)
    assert drawdown(np.array([1.0, 1.1])) == (0.0, 0)


def test_several_datasets_are_weighted() -> None:
    one, two = walk(300, 1, "one"), walk(300, 2, "two")
    weights = np.column_stack([np.full(300, 0.5), np.full(300, -0.25)])
    found = score(Market([one, two], 252), Positions(one.times, weights), Scoring())
    moves = np.column_stack([np.diff(one.close) / one.close[:-1], np.diff(two.close) / two.close[:-1]])
    expected = np.prod(1 + moves[1:] @ np.array([0.5, -0.25]))
    assert isclose(found.final_equity, expected, rel_tol=1e-12)
    assert found.trading.open_positions == {"one": 0.5, "two": -0.25}


def test_a_dataset_without_a_bar_is_traded_at_its_next_one() -> None:
    close = np.array([10.0, 11.0, 12.0, 13.0])
    daily, sparse = Prices("daily", days(4), close), Prices("sparse", days(4)[[0, 3]], np.array([50.0, 80.0]))
    table = join([daily, sparse], at_open=False)
    weights = np.column_stack([np.zeros(4), np.ones(4)])
    assert follow(table, weights).held[:, 1].tolist() == [0.0, 0.0, 0.0, 1.0]
    assert follow(table, weights).equities(0.0).tolist() == [[1.0, 1.0, 1.0, 1.0]]


def test_months_multiply_to_the_total() -> None:
    found = scored(walk(300), np.ones(300))
    assert list(found.months)[:2] == ["2015-01", "2015-02"]
    assert isclose(np.prod([1 + change for change in found.months.values()]), found.final_equity, rel_tol=1e-4)


def test_blocks_hold_all_returns() -> None:
    found = scored(walk(501), np.ones(501))
    mean = sum(found.blocks.sums) / sum(found.blocks.bars)
    variance = sum(found.blocks.squares) / 501 - mean**2
    assert sum(found.blocks.bars) == 501
    assert isclose(mean / (variance * 501 / 500) ** 0.5, found.metrics.sharpe_per_bar or 0, rel_tol=1e-9)


def test_jobs_that_share_prices_get_what_they_would_get_alone() -> None:
    prices = walk(120)
    shared = Market([prices], 252)
    positions = Positions(prices.times, np.resize([0.0, 1.0, 1.0, -1.0], (120, 1)))
    terms: list[dict[str, Any]] = [{}, {"fill": "open"}, {"warmup": 20}, {"commission_bps": 5}, {"bars_a_year": 365}]
    for one in [*terms, *reversed(terms)]:
        alone = score(Market([prices], 252), positions, Scoring(**one))
        assert score(shared, positions, Scoring(**one)) == alone


def test_positions_on_one_calendar_of_two_are_told_to_take_the_union() -> None:
    first = walk(10, name="first")
    second = Prices("second", first.times + DAY // 2, first.close)
    positions = Positions(first.times, np.zeros((10, 2)))
    with pytest.raises(Unscorable) as told:
        score(Market([first, second], 252), positions, Scoring())
    assert "no position for this bar" in str(told.value)
    assert ".union(" in str(told.value)


@pytest.mark.parametrize("worthless", [0.0, -37.63])
def test_buy_and_hold_of_what_rises_from_nothing_has_no_figures(worthless: float) -> None:
    close = np.array([100.0, 110.0, worthless, 50.0, 60.0])
    prices = Prices("oil", days(5), close, close)
    found = scored(prices, [0.0, 0.0, 1.0, 0.0, 0.0])
    assert (found.benchmark.total_return, found.benchmark.sharpe, found.market_correlation) == (None, None, None)
    assert found.undefined["benchmark"] == "oil has no price above 0 at 2024-01-03"
    assert isclose(found.metrics.total_return or 0, 0.2, rel_tol=1e-12)
    assert found.stress[3].total_return is None  # nothing can be bought at the price that was seen
    rows = scored(Prices("oil", np.arange(5, dtype=np.int64), close, close), [0.0, 0.0, 1.0, 0.0, 0.0])
    assert rows.undefined["benchmark"] == "oil has no price above 0 at row 2"


def test_buy_and_hold_of_what_stays_worthless_loses_all() -> None:
    prices = Prices("gone", days(5), np.array([100.0, 110.0, 50.0, 0.0, 0.0]), np.array([100.0] * 5))
    found = scored(prices, [0.0] * 5)
    assert (found.benchmark.total_return, found.benchmark.max_drawdown) == (-1.0, -1.0)
    assert "benchmark" not in found.undefined


def test_warm_up_is_left_out_for_the_benchmark_too() -> None:
    prices = walk(400)
    wanted = np.where(np.arange(400) < 100, np.nan, 1.0)
    found = scored(prices, wanted, warmup=100)
    assert found.bars == 300
    assert isclose(found.final_equity, prices.close[-1] / prices.close[101], rel_tol=1e-12)
    assert isclose(found.benchmark.total_return or 0, found.metrics.total_return or 1, rel_tol=1e-12)


def test_bars_a_year_are_as_counted_or_as_stated() -> None:
    counted, stated = scored(walk(300), np.ones(300)), scored(walk(300), np.ones(300), bars_a_year=3276)
    assert (counted.bars_a_year, stated.bars_a_year, stated.bars_how) == (252, 3276, "stated with the job")
    ratio = (stated.metrics.sharpe or 0) / (counted.metrics.sharpe or 1)
    assert isclose(ratio, (3276 / 252) ** 0.5)


# What is not defined


def test_never_trading_is_flat_and_unranked() -> None:
    found = scored(walk(300), np.zeros(300))
    kept = (found.metrics.total_return, found.metrics.volatility, found.metrics.max_drawdown)
    assert kept == (0.0, 0.0, 0.0)
    assert (found.trading.fills, found.trading.trades, found.trading.exposure, found.trading.turnover) == (0, 0, 0, 0)
    assert found.metrics.sharpe is found.metrics.sortino is found.metrics.calmar is found.trading.hit_rate is None
    assert {found.undefined[name] for name in ("sharpe", "sortino", "hit_rate")} == {"it never traded"}


def test_one_bar_defines_no_figure() -> None:
    found = scored(Prices("one", days(1), np.array([100.0])), [1.0])
    assert set(found.metrics.model_dump().values()) == {None}
    assert found.undefined["sharpe"] == "one bar has no return"


def test_without_bars_a_year_nothing_is_annual() -> None:
    found = scored(walk(300), np.ones(300), year=None)
    assert found.metrics.sharpe is found.metrics.annual_return is None
    assert found.metrics.sharpe_per_bar is not None
    assert "bars a year" in found.undefined["sharpe"]


@pytest.mark.parametrize(
    ("closes", "wanted", "won"), [([100, 100, 150, 90], 1.0, 0.0), ([100, 100, 50, 101], 1.0, 1.0)]
)
def test_a_trade_gained_if_the_money_in_it_grew(closes: list[float], wanted: float, won: float) -> None:
    prices = Prices("few", days(4), np.array(closes, dtype=float))
    found = scored(prices, [wanted] * 4)
    assert found.trading.hit_rate == won
    assert (found.final_equity > 1.0) is bool(won)


@pytest.mark.parametrize("fill", ["close", "open"])
def test_nothing_is_held_once_all_is_lost(fill: str) -> None:
    path = np.array([10.0, 10.0, 4.0, 8.0, 3.0, 9.0])
    found = scored(Prices("lost", days(6), path, path), [2.0, 2.0, 2.0, 2.0, -2.0, 2.0], leverage=2, fill=fill)
    assert found.final_equity == 0.0
    assert (found.trading.trades, found.trading.hit_rate, found.trading.turnover) == (1, 0.0, 2.0)
    assert found.trading.open_positions == {}


def test_prices_that_no_market_has_are_refused_and_no_figure_is_infinite() -> None:
    absurd = Prices("absurd", days(8), 10.0 ** np.array([-250.0, -200, -100, 0, 100, 200, 250, 300]))
    for wanted in (np.ones(8), np.zeros(8)):
        with pytest.raises(Unscorable, match=r"at bar 2 \(2024-01-03\): .*grows more than 1e\+50-fold"):
            scored(absurd, wanted)
    up_and_down = Prices("wild", days(300), np.where(np.arange(300) % 2, 1e-3, 1e3))
    with pytest.raises(Unscorable, match="equity grows"):
        scored(up_and_down, np.where(np.arange(300) % 2, -1.0, 1.0))
    found = scored(up_and_down, np.where(np.arange(300) % 2, 1.0, -1.0))
    assert found.final_equity == 0.0
    assert found.stress[3].total_return is None


def test_losing_all_ends_at_nothing() -> None:
    prices = Prices("up", days(6), np.array([10.0, 10, 10, 25, 26, 27]))
    found = scored(prices, -np.ones(6))
    assert found.final_equity == 0.0
    assert found.metrics.total_return == found.metrics.max_drawdown == -1.0
    assert found.model_dump_json().count("NaN") == 0


# What is refused, with its bar


@pytest.mark.parametrize(
    ("wanted", "bar", "why"),
    [
        ([1, 1, np.nan, 0, 0], 2, "not a finite number"),
        ([1, np.inf, 0, 0, 0], 1, "is infinite"),
        ([0, 0, 0, 0, -1.5], 4, "at most 1 is allowed"),
    ],
)
def test_positions_that_are_no_positions(wanted: list[float], bar: int, why: str) -> None:
    with pytest.raises(Unscorable, match=why) as caught:
        scored(five(), wanted)
    assert caught.value.bar == bar
    assert f"2024-01-0{bar + 1}" in str(caught.value)


def places(*which: int) -> Positions:
    return Positions(days(5)[list(which)], np.zeros((len(which), 1)))


@pytest.mark.parametrize(
    ("positions", "bar", "why"),
    [
        (places(0, 1, 2, 4), 3, "no position for this bar"),
        (places(0, 1, 2), 3, "no position for this bar"),
        (places(1, 0, 2, 3, 4), 1, "ascending order"),
        (places(0, 1, 1, 3, 4), 2, "ascending order"),
        (Positions(days(6), np.zeros((6, 1))), 5, "no bar at this time"),
        (Positions(days(5) + 1, np.zeros((5, 1))), 1, "no bar at this time"),
        (Positions(days(0), np.zeros((0, 1))), None, "there are none"),
        (Positions(days(5), np.zeros((5, 2))), None, "2 columns for 1 datasets"),
    ],
)
def test_positions_that_do_not_fit_the_data(positions: Positions, bar: int | None, why: str) -> None:
    with pytest.raises(Unscorable, match=why) as caught:
        score(Market([five()], 252), positions, Scoring())
    assert caught.value.bar == bar


def test_positions_may_begin_later_than_the_data() -> None:
    late = score(Market([five()], 252), Positions(days(5)[2:], np.array([[-1.0], [0], [0]])), Scoring())
    assert late.final_equity == scored(five(), [0, 0, -1, 0, 0]).final_equity


@pytest.mark.parametrize("order", [[0, 2, 1, 3, 4], [0, 1, 1, 3, 4]])
def test_data_whose_times_are_out_of_order_gets_no_score(order: list[int]) -> None:
    prices = Prices("messy", days(5)[order], np.array(CLOSE))
    with pytest.raises(Unscorable, match="messy"):
        score(Market([prices], 252), Positions(days(5), np.zeros((5, 1))), Scoring())


def test_a_position_where_there_is_no_price_is_refused() -> None:
    prices = Prices("gap", days(5), np.array([10.0, 10, -3, 10, 10]))
    with pytest.raises(Unscorable, match=r"at bar 2 .*no price above 0"):
        scored(prices, np.ones(5))
    assert scored(prices, np.zeros(5)).final_equity == 1.0


@pytest.mark.parametrize(
    ("times", "weights", "columns"),
    [(b"\0" * 16, b"\0" * 8, 1), (b"\0" * 15, b"\0" * 16, 1), (b"\0" * 8, b"\0" * 8, 65), (b"", b"\0", 1)],
)
def test_bytes_that_do_not_fit_are_refused(times: bytes, weights: bytes, columns: int) -> None:
    with pytest.raises(Unscorable):
        Positions.from_bytes(times, weights, columns)


def test_bytes_come_back_as_arrays() -> None:
    sent = np.array([[0.5, -0.5], [1.0, 0.0]])
    found = Positions.from_bytes(days(2).astype("<i8").tobytes(), sent.astype("<f8").tobytes(), 2)
    assert np.array_equal(found.weights, sent)
    assert np.array_equal(found.times, days(2))


def test_a_score_is_small() -> None:
    prices = walk(50_000)
    found = scored(prices, np.sign(np.sin(np.arange(50_000) / 7)))
    assert len(found.curve.equity) == len(found.curve.drawdown) == len(found.curve.times) == 300
    assert len(found.model_dump_json()) < 30_000
    assert Score.model_validate_json(found.model_dump_json()) == found


def test_data_that_ends_before_1970_has_times() -> None:
    found = scored(walk(50), np.ones(50))
    early = {"first": datetime(1950, 1, 3, tzinfo=UTC), "last": datetime(1950, 3, 14, tzinfo=UTC)}
    assert found.model_copy(update=early).window == f"{found.bars} bars, 1950-01-03 to 1950-03-14"


def test_times_are_written_for_people() -> None:
    assert stamp(int(days(1)[0])) == "2024-01-01"
    assert stamp(int(days(1)[0]) + 90 * 60 * 10**9) == "2024-01-01 01:30:00"
