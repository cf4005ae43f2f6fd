"""A program's output: its beginning and its end are kept, and made readable. Pure.

All of it is the program's word. Control characters stay in the text; whoever prints it makes them harmless.
"""

from __future__ import annotations

import codecs
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

LONGEST_REPEATED = 4
"""Lines of a message that is counted when it comes again: a warning with the line that it is about has two."""
REPEATS = 5
"""From so many on, equal messages in a row are counted."""
CONTROLS = bytes({*range(32)} - set(b"\t\n\r"))
CONTROL_BYTES = 6
"""What a control character takes in JSON."""


class Output:
    """One output stream as it arrives: where it is longer than its limit, the first and the last half of that."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.head = bytearray()
        self.tail = bytearray()

    def take(self, chunk: bytes) -> None:
        """Add what came."""
        room = self.limit // 2 - len(self.head)
        self.head += chunk[:room]
        self.tail += chunk[room:]
        del self.tail[: max(0, len(self) - self.limit)]

    def __len__(self) -> int:
        return len(self.head) + len(self.tail)

    def __bytes__(self) -> bytes:
        """What is kept, the two halves one after the other."""
        return bytes(self.head + self.tail)


@dataclass(frozen=True)
class Readable:
    """An output as text."""

    text: str
    """Redrawn lines in their last state, repeated messages counted, a line of its own where something is left out."""
    dropped: int
    """How many bytes of what the program wrote were left out, not counting what was folded."""
    raw: bytes
    """What was kept, the two halves one after the other; empty where `text` has each byte of it."""


def readable(output: Output, written: int) -> Readable:
    """The text of an output of which the program wrote so many bytes; in JSON too it is no longer than the limit.

    But for bytes that are no UTF-8: each may become three.
    """
    raw = bytes(output)
    if written <= len(raw) and _bytes_in_json(raw) <= output.limit:
        text = raw.decode(errors="replace")
        folded = _fold(text)
        return Readable(folded, 0, b"" if folded.encode() == raw else raw)
    halves = _halves(raw, output.limit - _length_of_gap(output.limit, written))
    dropped = written - sum(map(len, halves))
    texts = [half.decode(errors="replace") for half in halves]
    head, tail = map(_fold, texts)
    lossless = [head.encode(), tail.encode()] == list(halves) and _bytes_in_json(raw) <= output.limit
    return Readable(head.removesuffix("\n") + _gap(dropped, written) + tail, dropped, b"" if lossless else raw)


def _gap(dropped: int, written: int) -> str:
    """The line between the two halves."""
    return f"\n[... {dropped:,} of {written:,} bytes left out ...]\n"


def _length_of_gap(limit: int, written: int) -> int:
    """Of the line that takes itself the room for what it says is left out."""
    length = 0
    for _ in range(3):
        length = len(_gap(max(0, written - limit) + length, written))
    return length


def _halves(raw: bytes, most: int) -> tuple[bytes, bytes]:
    """The first and the last bytes, each of whole characters, that together take no more than that in JSON."""
    first, last = max(0, most) // 2, max(0, most) - max(0, most) // 2
    backwards = raw[::-1]
    head, tail = raw[: _fitting(raw, first)], backwards[: _fitting(backwards, last)][::-1]
    return _without_a_part_at_the_end(head), _without_a_part_at_the_start(tail)


def _bytes_in_json(text: bytes) -> int:
    controls = len(text) - len(text.translate(None, CONTROLS))
    return len(text) + (CONTROL_BYTES - 1) * controls


def _fitting(text: bytes, most: int) -> int:
    """How many of the first bytes take no more than that in JSON."""
    if _bytes_in_json(text[:most]) <= most:
        return most
    return bisect_right(range(1, most + 1), most, key=lambda length: _bytes_in_json(text[:length]))


def _without_a_part_at_the_end(text: bytes) -> bytes:
    """UTF-8 without a character at its end that was cut through."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    decoder.decode(text)
    rest = decoder.getstate()[0]
    return text[: len(text) - len(rest)]


def _without_a_part_at_the_start(text: bytes) -> bytes:
    start = next((at for at, byte in enumerate(text[:4]) if byte & 0xC0 != 0x80), 0)
    return text[start:]


def _fold(text: str) -> str:
    """Each line in its last state, where it was redrawn over itself; messages that come again and again once."""
    lines = text.split("\n")
    if "\r" in text:
        lines = [_last_state(line) for line in lines]
    return "\n".join(_counted(lines))


def _last_state(line: str) -> str:
    states = [state for state in line.split("\r") if state.strip()]
    return states[-1] if states else ""


def _counted(lines: Sequence[str]) -> list[str]:
    kept, at = list[str](), 0
    while at < len(lines):
        length, times = _repetition(lines, at)
        kept += lines[at : at + length]
        if times > 1:
            kept.append(f"… {times - 1:,} more like this")
        at += length * times
    return kept


def _repetition(lines: Sequence[str], at: int) -> tuple[int, int]:
    """How long the message at a line is that comes again there, and how often it comes; (1, 1) if it comes once."""
    for length in range(1, LONGEST_REPEATED + 1):
        far = at + length * (REPEATS - 1)
        if far + length > len(lines) or lines[at] != lines[far]:
            continue
        message, times = lines[at : at + length], 1
        while lines[at + length * times : at + length * (times + 1)] == message:
            times += 1
        if times >= REPEATS:
            return length, times
    return 1, 1
