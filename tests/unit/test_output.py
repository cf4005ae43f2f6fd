"""What is kept of a program's output, and how it is made readable."""

from __future__ import annotations

import json
import random

import pytest

from windtunnel_worker.sandbox.output import Output, readable


def kept(*chunks: bytes, limit: int = 1024) -> Output:
    output = Output(limit)
    for chunk in chunks:
        output.take(chunk)
    return output


def text(written: bytes, limit: int = 1024) -> str:
    return readable(kept(written, limit=limit), len(written)).text


def test_output_within_the_limit_is_kept_as_it_is() -> None:
    written = b"x" * 1000 + "é✓\n".encode()
    assert readable(kept(written), len(written)) == type(readable(kept(b""), 0))(written.decode(), 0, b"")


@pytest.mark.parametrize("seed", range(20))
def test_the_first_and_the_last_are_kept_however_it_arrives(seed: int) -> None:
    source = random.Random(seed)
    written = bytes(source.choices(b"abc\n", k=source.randint(0, 4000)))
    pieces, at = [], 0
    while at < len(written):
        size = source.randint(1, 700)
        pieces.append(written[at : at + size])
        at += size
    output = kept(*pieces)
    assert len(output) == min(1024, len(written))
    assert written.startswith(bytes(output.head))
    assert written.endswith(bytes(output.tail))


@pytest.mark.parametrize("size", [1025, 9001, 10_000_020])
def test_what_is_left_out_is_counted_on_a_line_of_its_own_within_the_limit(size: int) -> None:
    written = b"a" * (size - 20) + b"\nRESULT sharpe=0.42\n"
    found = readable(kept(written), size)
    head, gap, tail = found.text.split("\n", 2)
    assert tail.endswith("RESULT sharpe=0.42\n")
    assert gap == f"[... {found.dropped:,} of {size:,} bytes left out ...]"
    assert len(head) + len(tail) == size - found.dropped
    assert len(found.text) == 1024


def test_no_character_is_cut_through() -> None:
    for shift in range(4):
        assert "\ufffd" not in text(b"x" * shift + "✓📈".encode() * 500)


def test_control_characters_count_as_what_json_makes_of_them() -> None:
    found = readable(kept(bytes(1024)), 1024)
    assert len(json.dumps(found.text)) < 1100
    assert 0 < found.dropped < 1024
    assert found.raw == bytes(1024)


def test_redrawn_lines_are_shown_in_their_last_state() -> None:
    bar = "".join(f"\r{percent:3d}%|{'#' * (percent // 10)}|" for percent in range(101))
    assert text(f"start\n{bar}\ndone\r\n".encode(), 100_000) == "start\n100%|##########|\ndone\n"
    assert text(b"10%\r20%\r") == "20%"
    assert text(b"\r\r\n") == "\n"


def test_messages_that_repeat_are_counted() -> None:
    warning = "strategy.py:5: RuntimeWarning: divide by zero\n  r = a / b\n"
    assert text((warning * 42 + "end\n").encode(), 10_000) == f"{warning}… 41 more like this\nend\n"
    assert text(b"same\n" * 7) == "same\n… 6 more like this\n"


def test_few_equal_lines_and_different_ones_stay() -> None:
    for written in ("x\n" * 4, "".join(f"day {day}\n" for day in range(90)), "a\nb\n" * 4 + "a\n"):
        assert text(written.encode()) == written


def test_the_raw_bytes_stay_where_the_text_is_not_the_same() -> None:
    for written in (b"a\xffb", b"1\r2\r3\n", b"same\n" * 20):
        assert readable(kept(written), len(written)).raw == written


def test_a_limit_below_the_line_that_tells_of_it_is_kept_to_as_well() -> None:
    found = readable(kept(b"abcdefghi", limit=5), 9)
    assert found.text.strip() == "[... 9 of 9 bytes left out ...]"
