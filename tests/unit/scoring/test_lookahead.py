"""Programs that see the future are caught, honest ones are not accused, and the answer says what was tried."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.lookahead.checking import Scenes, Signals, answers, prices, probes_module

from windtunnel.contract.lookahead import Change, LookAhead, Probe, Sight
from windtunnel_worker.scoring import Positions
from windtunnel_worker.scoring.lookahead import compare, judge, plan

CASE_19 = """
import numpy as np

def signals(data, params):
    close = data["prices"]["Close"]
    scaled = 2 * (close - close.min()) / (close.max() - close.min()) - 1
    return -np.sign(scaled).rename("position")
"""
MOST_MISSES = 0.05
BARS = 250
"""Enough for every program of the sets; the rates on 600 are printed by benchmarks/lookahead.py."""


@pytest.fixture(scope="module")
def leaking() -> dict[str, LookAhead]:
    return answers("leaking", bars=BARS)


@pytest.fixture(scope="module")
def honest() -> dict[str, LookAhead]:
    return answers("honest", bars=BARS)


def test_the_sets_are_large_enough(leaking: dict[str, LookAhead], honest: dict[str, LookAhead]) -> None:
    assert min(len(leaking), len(honest)) >= 60


def test_programs_that_see_the_future_are_caught(leaking: dict[str, LookAhead]) -> None:
    missed = {name for name, one in leaking.items() if one.sight is not Sight.LEAKS}
    assert len(missed) <= MOST_MISSES * len(leaking), missed


def test_no_honest_program_is_accused(honest: dict[str, LookAhead]) -> None:
    assert {name: one.message for name, one in honest.items() if one.sight is Sight.LEAKS} == {}
    assert honest["split_by_length"].sight is Sight.LENGTH
    for recursive in ("ema_by_hand", "rsi_wilder", "macd", "kalman_filter", "garch_recursion", "kama"):
        assert honest[recursive].sight is Sight.CLEAN, recursive


def test_a_cut_at_bar_300_shows_the_first_bar_that_differs() -> None:
    space: dict[str, object] = {}
    exec(CASE_19, space)
    signals, frame = space["signals"], prices()
    assert callable(signals)
    bars = pd.DatetimeIndex(frame.index).as_unit("ns").asi8
    whole, part = (signals({"prices": one}, {}).to_numpy()[:, None] for one in (frame, frame.iloc[:300]))
    probe = Probe(change=Change.CUT, bar=300)
    found = compare(Positions(bars, whole), Positions(bars[:300], part), bars, probe)
    assert (found.compared, found.first, found.differing) == (300, 123, 109)


def test_the_answer_names_the_bar_and_the_places_that_were_tried() -> None:
    found = check(program_of("return np.sign(close.shift(-1) - close).fillna(0.0)"))
    bars = sorted({one.probe.bar for one in found.probes if one.probe.change is not Change.REPEAT})
    assert found.sight is Sight.LEAKS
    assert f"first at bar {found.first} (2015" in found.message
    assert f"from bars {', '.join(map(str, bars))} on" in found.message


def check(signals: Signals) -> LookAhead:
    return Scenes(prices()).check(signals)


def program_of(line: str) -> Signals:
    space: dict[str, Any] = {"np": np, "pd": pd}
    exec(f"def signals(data, params):\n    close = data['prices']['Close']\n    {line}\n", space)
    found: Signals = space["signals"]
    return found


def test_a_program_that_draws_lots_is_not_accused() -> None:
    found = check(program_of("return pd.Series(np.random.default_rng().choice([-1.0, 1.0], len(close)), close.index)"))
    assert found.sight is Sight.UNSTABLE
    assert "seed" in found.message


def test_runs_that_fail_are_named_and_not_counted() -> None:
    found = check(program_of("assert len(close) == 600; return close.rolling(9).mean() / 1000"))
    assert found.sight is Sight.CLEAN
    failed = [one for one in found.probes if one.failed]
    assert {one.probe.change for one in failed} == {Change.CUT}
    assert all("AssertionError" in one.failed for one in failed)


def test_without_any_run_nothing_is_said() -> None:
    bars = np.arange(100, dtype=np.int64)
    full = Positions(bars, np.zeros((100, 1)))
    assert judge(full, {}, bars, plan(100)).sight is Sight.UNCHECKED


def test_on_two_bars_nothing_can_be_changed() -> None:
    bars, runs = np.arange(2, dtype=np.int64), plan(2)
    full = Positions(bars, np.zeros((2, 1)))
    found = judge(full, dict.fromkeys(runs, full), bars, runs)
    assert (found.sight, found.message) == (
        Sight.UNCHECKED,
        "No run on changed data gave positions: there are too few bars to change some and keep others.",
    )


@pytest.mark.parametrize("bars", [1, 2, 3, 11, 47, 600, 100_000])
def test_probes_lie_early_and_off_round_bars(bars: int) -> None:
    places = sorted({one.bar for one in plan(bars) if one.change is not Change.REPEAT})
    assert all(0 < place < bars and place % 5 for place in places)
    assert len(places) >= (0 if bars < 4 else 1 if bars < 47 else 3 if bars < 600 else 8)
    if bars >= 600:
        assert places[0] < 10
        assert len({place % 5 for place in places}) >= 3
    assert plan(bars) == plan(bars)
    assert bars < 600 or plan(bars) != plan(bars, seed=1)


def test_changing_the_data_leaves_what_came_before_and_the_given_frame() -> None:
    frame = prices()
    before = frame.copy()
    changed = probes_module().changed
    for kind in ("scatter", "mirror", "cut"):
        found = changed({"p": frame}, {"change": kind, "time": frame.index[101], "seed": 3})["p"]
        pd.testing.assert_frame_equal(found.iloc[:101], frame.iloc[:101])
        pd.testing.assert_frame_equal(frame, before)
        if kind == "cut":
            assert len(found) == 101
            continue
        assert list(found.dtypes) == list(frame.dtypes)
        assert (found["Close"].iloc[101:] != frame["Close"].iloc[101:]).mean() > 0.99
        assert (found["High"] >= found["Low"]).all()
        assert (found["Close"] > 0).all()


@pytest.mark.parametrize(
    "line",
    [
        "return (frame.Close > frame.Open).shift(-1).eq(True).astype(float)",
        "return ((frame.Close - frame.Low) / (frame.High - frame.Low)).shift(-1).fillna(0.0)",
        "return (frame.Mood.shift(-1) == 'calm').astype(float)",
        "return frame.Up.shift(-1).eq(True).astype(float)",
        "return frame.Dividend.shift(-1).notna().astype(float)",
    ],
)
def test_all_that_a_later_bar_shows_is_the_future(line: str) -> None:
    frame = prices()
    draw = np.random.default_rng(2).random(len(frame))
    frame = frame.assign(Mood=np.where(draw < 0.5, "calm", "wild"), Up=draw < 0.3)
    frame["Dividend"] = np.where(draw < 0.4, 1.0, np.nan)
    assert Scenes(frame).check(program_of(f"frame = data['prices']; {line}")).sight is Sight.LEAKS


def test_datasets_do_not_keep_the_ratio_of_their_later_prices() -> None:
    frame = prices()
    probe = {"change": "scatter", "time": frame.index[101], "seed": 3}
    found = probes_module().changed({"a": frame, "b": 2 * frame}, probe)
    ratio = found["b"]["Close"] / found["a"]["Close"]
    assert (ratio.iloc[:101] == 2.0).all()
    assert ((ratio.iloc[101:] - 2.0).abs() > 1e-6).mean() > 0.9
