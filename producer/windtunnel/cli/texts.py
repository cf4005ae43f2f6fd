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
