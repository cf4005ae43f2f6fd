"""Messages as hostile or broken programs put them on a queue: each is a good one with one thing wrong."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from typing import Any

SEED = 8
NESTED = "[" * 100_000 + "]" * 100_000
WRONG_VALUES: tuple[Any, ...] = (
    {},
    [],
    [[]],
    7,
    -1,
    1e308,
    True,
    "x" * 2_000,
    "",
    {"__type__": "uuid", "__value__": 1},
)
HEADERS = ("task", "id", "timelimit", "eta", "expires", "retries", "stamped_headers", "stamps", "shadow", "group")
PROPERTIES = ("delivery_tag", "delivery_info", "body_encoding", "priority")


def malformed(good: Callable[[], dict[str, Any]]) -> list[str]:
    """Many messages of which none can be read."""
    texts = ["", "garbage", "null", "0", '"text"', "[]", "[[], {}, {}]", "{}", "{", "\ufffd", NESTED, "9" * 5_000]
    texts += [json.dumps(good())[:length] for length in (1, 40, 200)]
    texts += [json.dumps(_with(good(), [], key, value)) for key in good() for value in (7, True, [1])]
    texts += [json.dumps(_without(good(), key)) for key in ("body", "headers", "properties")]
    texts += [json.dumps(_with(good(), ["properties"], key, value)) for key, value in _wrong_properties()]
    texts += [json.dumps(_with(good(), ["headers"], key, value)) for key, value in _wrong_headers()]
    texts += [json.dumps({**good(), "body": _encoded(body)}) for body in _wrong_bodies()]
    texts += [json.dumps({**good(), "body": body}) for body in ("=", "AAA", "\u20ac", "A" * 1_500_000)]
    texts += [
        json.dumps({**good(), "content-type": kind}) for kind in ("application/x-python-serialize", "no/such", "")
    ]
    random.Random(SEED).shuffle(texts)
    return texts


def _wrong_properties() -> list[tuple[str, Any]]:
    wrong = [(key, value) for key in PROPERTIES for value in WRONG_VALUES if value not in ("", 7)]
    return [*wrong, ("delivery_tag", ""), ("delivery_info", {"exchange": 1, "routing_key": "work"}), ("priority", -1)]


def _wrong_headers() -> list[tuple[str, Any]]:
    harmless: dict[str, tuple[Any, ...]] = {
        "retries": (7, True),
        "stamps": ({},),
        "stamped_headers": ([],),
        "shadow": ("",),
        "group": ("",),
    }
    wrong = [
        (key, value)
        for key in HEADERS
        for value in WRONG_VALUES
        if not any(value is fine or value == fine for fine in harmless.get(key, ()))
    ]
    return [
        *wrong,
        ("retries", True),
        ("compression", "zlib"),
        ("timelimit", ["1", None]),
        ("timelimit", [float("inf"), None]),
        ("timelimit", [1, 2, 3]),
        ("stamped_headers", [{}]),
        ("eta", "tomorrow"),
        ("expires", "9999-99-99"),
        ("task", "test.none"),
        ("task", "celery.map"),
        ("task", None),
        ("id", None),
    ]


def _wrong_bodies() -> list[str]:
    options: tuple[Any, ...] = (
        {"args": []},
        {"chain": "x"},
        {"callbacks": [1]},
        {"chord": []},
        {"errbacks": {}},
        [],
        "x",
    )
    return [
        *("", "null", "{}", "[]", "[[], {}]", "[[], {}, {}, {}]", "[{}, [], null]", "[[], [], {}]", "[1, 2, 3]"),
        *('"abc"', "7", "[[", '{"args": [], "kwargs": {}}', '{"task": "test.serve", "id": "1"}', "\ufffd"),
        *(json.dumps([["tell-tale"], {}, option]) for option in options),
    ]


def _encoded(body: str) -> str:
    return base64.b64encode(body.encode()).decode()


def _with(message: dict[str, Any], path: list[str], key: str, value: Any) -> dict[str, Any]:
    place = message
    for step in path:
        place = place[step]
    place[key] = value
    return message


def _without(message: dict[str, Any], key: str) -> dict[str, Any]:
    del message[key]
    return message
