"""Makes foreign text safe to print, and formats counts and times. Imports nothing from the project, to load fast."""

from __future__ import annotations

from datetime import datetime

_UNSEEN = frozenset(
    chr(code)
    for first, last in (
        *((0x34F, 0x34F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180D), (0x180F, 0x180F), (0x3164, 0x3164)),
        *((0xFE00, 0xFE0E), (0xFFA0, 0xFFA0), (0xE0100, 0xE01EF)),
    )
    for code in range(first, last + 1)
)
"""Letters and marks that show nothing, in which text can be hidden from people. U+FE0F is in many emoji."""


def shows(char: str) -> bool:
    """Whether this is a character that can be seen, or a blank."""
    return char.isprintable() and char not in _UNSEEN


def harmless(text: str) -> str:
    """The text with its control characters escaped, so that none acts on the terminal, and what cannot be seen."""
    return "".join(char if char in "\n\t" or shows(char) else ascii(char)[1:-1] for char in text)


def counted(count: int, what: str) -> str:
    """`1 report`, `2 reports`, `1,000 reports`."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def jobs(count: int) -> str:
    """A number of jobs, formatted by `counted`."""
    return counted(count, "job")


def probability(chance: float | None) -> str:
    """A probability for people; empty where it is undefined. What is not certain never shows as 0% or 100%."""
    if chance is None:
        return ""
    return ">99.9%" if chance > 0.9995 else "<0.1%" if chance < 0.0005 else f"{chance:.1%}"


def ago(then: datetime, now: datetime) -> str:
    """How long ago something was, formatted by `span`."""
    return span((now - then).total_seconds())


def span(duration_s: float) -> str:
    """A duration in the largest unit that fits: `3 s`, `12 min`, `5 h`."""
    seconds = max(0, round(duration_s))
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"


def short(text: str, most: int = 120) -> str:
    """A text cut to fit into a table; says how much is left out."""
    left_out = len(text) - most
    return text if left_out <= 0 else f"{text[:most]}… ({left_out:,} more characters)"


def first_sentence(text: str, most: int = 160) -> str:
    """The first sentence of a message: what happened, without the remedy."""
    line = text.strip().partition("\n")[0]
    return short(line.partition(". ")[0], most)
