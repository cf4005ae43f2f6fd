"""What comes out of a sandbox as positions: whatever it is, it stays bounded and is read or refused with a reason."""

from __future__ import annotations

import json
import random
import zlib
from base64 import b64decode, b64encode

import numpy as np
import pytest

from windtunnel_worker.scoring import Positions, Unscorable, returned

TIMES = np.arange(10, dtype=np.int64) * 86_400 * 10**9


def packed(head: object, body: bytes) -> str:
    text = head if isinstance(head, bytes) else json.dumps(head).encode()
    return b64encode(zlib.compress(text + b"\n" + body)).decode()


def read(text: str, *names: str) -> Positions:
    return returned.read(returned.unpacked(text, len(TIMES)), TIMES, names or ("a",))


def test_what_was_packed_is_read() -> None:
    weights = np.random.default_rng(0).normal(size=(10, 2))
    found = read(returned.pack(TIMES, weights, ["b", "a"]), "a", "b")
    assert (found.times == TIMES).all()
    assert (found.weights == weights[:, ::-1]).all()


def test_rows_stand_for_the_bars_of_the_data() -> None:
    steps = np.diff(np.array([3, 4, 7]), prepend=0).astype("<i8").tobytes()
    head = {"kind": "rows", "bars": 3, "columns": ["a"]}
    assert (read(packed(head, steps + np.ones(3).tobytes())).times == TIMES[[3, 4, 7]]).all()
    outside = np.diff(np.array([3, 4, 10]), prepend=0).astype("<i8").tobytes()
    with pytest.raises(Unscorable, match="one for row 10, and the data has 10"):
        read(packed(head, outside + np.ones(3).tobytes()))


def test_no_positions_at_all_are_called_so() -> None:
    with pytest.raises(Unscorable, match="there are none"):
        read(packed({"kind": "times", "bars": 0, "columns": ["a"]}, b""))


def test_the_data_has_bars_of_its_own() -> None:
    head = {"kind": "own", "bars": 10, "columns": ["a"]}
    found = read(packed(head, np.arange(10.0).tobytes()))
    assert (found.times == TIMES).all()
    assert found.weights[:, 0].tolist() == list(range(10))
    assert (read(packed({**head, "bars": 4}, np.ones(4).tobytes())).times == TIMES[:4]).all()
    with pytest.raises(Unscorable, match="there are 11 for the 10 bars"):
        read(packed({**head, "bars": 11}, np.ones(11).tobytes()))
    with pytest.raises(Unscorable, match="not in the form"):
        read(packed(head, np.arange(10.0).tobytes()), "a", "b")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no base64!",
        b64encode(b"no zlib").decode(),
        returned.pack(TIMES, np.ones((10, 1)), ["a"])[:-8],
        packed(b"no json", b""),
        packed({"kind": "times", "bars": -1, "columns": ["a"]}, b""),
        packed({"kind": "times", "bars": 10**15, "columns": ["a"]}, b"\0" * 16),
        packed({"kind": "times", "bars": 2, "columns": ["a"]}, b"\0" * 31),
        packed({"kind": "times", "bars": 1, "columns": []}, b"\0" * 8),
        packed({"kind": "pickle", "bars": 1, "columns": ["a"]}, b"\0" * 16),
        packed(b"[" * 10_000, b""),
    ],
)
def test_what_is_broken_is_refused(text: str) -> None:
    with pytest.raises(Unscorable, match="not in the form"):
        read(text)


def test_a_compressed_bomb_is_read_no_further_than_the_data_is_long() -> None:
    bomb = b64encode(zlib.compress(b"\0" * 50_000_000, 9)).decode()
    with pytest.raises(Unscorable, match="more of them than the 10 bars"):
        read(bomb)


def test_columns_are_the_datasets_each_once() -> None:
    for columns in (["x"], ["a", "a"]):
        with pytest.raises(Unscorable, match="not the job's datasets"):
            read(packed({"kind": "times", "bars": 1, "columns": columns}, b"\0" * 8 * (1 + len(columns))))


@pytest.mark.parametrize("seed", range(30))
def test_damage_is_refused_or_read(seed: int) -> None:
    source = random.Random(seed)
    content = bytearray(zlib.decompress(b64decode(returned.pack(TIMES, np.ones((10, 1)), ["a"]))))
    for _ in range(source.randint(1, 5)):
        content[source.randrange(len(content))] = source.randrange(256)
    try:
        found = returned.read(bytes(content), TIMES, ["a"])
    except Unscorable:
        return
    assert found.weights.shape == (10, 1)
