"""Two runs of a job are the same only if everything that they left is the same, byte for byte."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from tests.scored import report

from windtunnel.analysis.reproduction import Reproduction, reproduction
from windtunnel.contract import Execution, Outcome, ProgramError


def compared(one: dict[str, Any], other: dict[str, Any], outcome: Outcome = Outcome.SUCCEEDED) -> Reproduction:
    runs = [Execution(**{"attempt": 1, "outcome": outcome} | fields) for fields in (one, other)]
    first, again = (report(n, outcome=outcome, execution=run) for n, run in enumerate(runs))
    return reproduction(first, again)


def raw(text: str) -> str:
    return b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("one", "other", "what", "texts"),
    [
        ({"stderr": "a\nb"}, {"stderr": "a\nc"}, "stderr line 2", ("b", "c")),
        ({"stdout": "a"}, {"stdout": "a\nb"}, "stdout line 2", ("missing", "b")),
        (
            {"stdout": "done", "stdout_raw": raw("1%\rdone")},
            {"stdout": "done", "stdout_raw": raw("2%\rdone")},
            "raw stdout line 1",
            ("1%\rdone", "2%\rdone"),
        ),
        (
            {"values": {"x": None}, "not_finite": {"x": "NaN"}},
            {"values": {"x": None}, "not_finite": {"x": "Infinity"}},
            "values x",
            ("NaN", "Infinity"),
        ),
        ({"values": {"x": [True]}}, {"values": {"x": [1]}}, "values x", ("[true]", "[1]")),
        ({"values": {"x": 0.0}}, {"values": {"x": -0.0}}, "values x", ("0.0", "-0.0")),
        ({"values": {"x": None}}, {}, "values x", ("null", "missing")),
    ],
)
def test_what_differs_is_named(one: dict[str, Any], other: dict[str, Any], what: str, texts: tuple[str, str]) -> None:
    (found,) = compared(one, other).differences
    assert (found.what, found.first, found.again) == (what, *texts)
    assert compared(one, one).identical


def test_failures_are_compared_too() -> None:
    one, other = (
        {"error": ProgramError(type="ValueError", message=f"x {n}", line=2), "exit_code": 1} for n in range(2)
    )
    (found,) = compared(one, other, outcome=Outcome.FAILED).differences
    assert (found.what, found.first) == ("error", "ValueError: x 0 (line 2, exit code 1)")
    (found,) = compared({"exit_code": 3}, {"exit_code": 4}, outcome=Outcome.FAILED).differences
    assert (found.first, found.again) == ("exit code 3", "exit code 4")


def test_an_address_in_memory_is_named_as_the_reason() -> None:
    one, other = ({"stdout": f"<A object at 0x7f31d69c{n}0>"} for n in range(2))
    assert "where an object lies in memory" in compared(one, other).reasons[0]
    assert compared({"stdout": "0x7f31d69c00 a"}, {"stdout": "0x7f31d69c10 b"}).reasons == ()
    numbers = [{"stdout": f"id {number}"} for number in (140069187644848, 93824992236880)]
    assert "where an object lies in memory" in compared(numbers[0], numbers[1]).reasons[0]
    assert compared({"stdout": "1795861375050"}, {"stdout": "1795861654018"}).reasons == ()


def test_a_progress_bar_is_named_as_the_reason() -> None:
    one, other = ({"stderr": f"100%|####| 50/50 [00:00<00:00, {n}6.86it/s]"} for n in range(1, 3))
    assert "progress bar" in compared(one, other).reasons[0]
