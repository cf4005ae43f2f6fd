"""Text from elsewhere, made safe to print, and texts of several commands. Imports nothing, to load fast."""

from __future__ import annotations

from datetime import datetime


def harmless(text: str) -> str:
    """Text from a program without control characters: none of its escape sequences reaches the terminal."""
    return "".join(char if char in "\n\t" or char.isprintable() else repr(char)[1:-1] for char in text)


def jobs(count: int) -> str:
    """`1 job`, `2 jobs`."""
    return f"{count} job{'' if count == 1 else 's'}"


def ago(then: datetime, now: datetime) -> str:
    """How long ago something was, as `span` says it."""
    return span((now - then).total_seconds())


def span(duration_s: float) -> str:
    """A time in the largest unit that fits: `3 s`, `12 min`, `5 h`."""
    seconds = max(0, round(duration_s))
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"


def short(text: str, most: int = 120) -> str:
    """A text that may be very long, as it fits into a table; says how much of it is left out."""
    left_out = len(text) - most
    return text if left_out <= 0 else f"{text[:most]}… ({left_out:,} more characters)"


def first_sentence(text: str, most: int = 160) -> str:
    """What a message begins with: what happened, without what to do about it."""
    line = text.strip().partition("\n")[0]
    return short(line.partition(". ")[0], most)
