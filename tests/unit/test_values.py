"""The values of a program as the host keeps them: exact, finite, bounded, whatever was written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from windtunnel.contract import Execution, Outcome
from windtunnel.records.codec import decode, encode
from windtunnel_worker.sandbox.protocol import Frame, Transcript


def taken(*payloads: str) -> Transcript:
    transcript = Transcript(output_limit=1)
    for payload in payloads:
        transcript.take(Frame(b"V", payload.encode()))
    return transcript


@pytest.mark.parametrize("number", [2**53 + 1, 2**63 + 1, -(2**64) - 1, 10**300, 10**4200])
def test_integers_are_exact_through_every_layer(number: int) -> None:
    transcript = taken(json.dumps({"big": number, "deep": [{"big": number}]}))
    execution = Execution(attempt=1, outcome=Outcome.SUCCEEDED, values=transcript.values)
    for form in (execution.model_dump_json(), json.dumps(json.loads(execution.model_dump_json()))):
        values = Execution.model_validate_json(form).values
        assert values == {"big": number, "deep": [{"big": number}]}
        assert type(values["big"]) is int
    assert decode(Execution, encode(execution)).values == transcript.values


@pytest.mark.parametrize(
    ("payload", "values", "places"),
    [
        ('{"x": NaN, "y": -Infinity}', {"x": None, "y": None}, {"x": "NaN", "y": "-Infinity"}),
        ('{"x": 1e999}', {"x": None}, {"x": "Infinity"}),
        ('{"a": [1, -1e999, {"b": NaN}]}', {"a": [1, None, {"b": None}]}, {"a[1]": "-Infinity", "a[2].b": "NaN"}),
        ('{"x": {"$float": "nan"}}', {"x": None}, {"x": "NaN"}),
        ('{"x": {"$float": "1.152921504606847e+18"}}', {"x": float(2**60)}, {}),
        ('{"x": 1e999, "x": 2}', {"x": 2}, {}),
    ],
)
def test_numbers_that_are_not_finite_are_none_and_marked(
    payload: str, values: dict[str, Any], places: dict[str, str]
) -> None:
    transcript = taken(payload)
    assert (transcript.values, transcript.not_finite) == (values, places)


def test_a_later_value_takes_the_mark_of_an_earlier_one_away() -> None:
    assert taken('{"x": NaN}', '{"x": 1}').not_finite == {}


def test_marks_are_bounded_and_say_how_many_more_there_are() -> None:
    transcript = taken(*(json.dumps({f"c{at}": [float("nan")] * 100}) for at in range(100)))
    assert transcript.not_finite["c0[7]"] == "NaN"
    assert transcript.not_finite["c0[…]"] == "92 more"
    assert len(transcript.not_finite) <= 2 * 256


UNSTORABLE = ("9" * 5000, '{"$float": []}', '{"$float": "much"}', "[" * 40 + "]" * 40)


@pytest.mark.parametrize("value", UNSTORABLE)
def test_what_cannot_be_stored_is_dropped_and_counted(value: str) -> None:
    transcript = taken(f'{{"x": {value}}}', '{"y": 1}')
    assert (transcript.values, transcript.values_dropped) == ({"y": 1}, 1)


def test_halves_of_surrogate_pairs_are_escaped() -> None:
    assert taken('{"half": "\\udcff", "\\ud800": 1}').values == {"half": "\\udcff", "\\ud800": 1}
