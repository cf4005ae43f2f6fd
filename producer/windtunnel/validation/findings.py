"""Collects findings into `Issue`s: one a rule and place, bounded, in the order of the text."""

from __future__ import annotations

import re
from typing import Protocol

from windtunnel.contract import Issue, SecurityLevel
from windtunnel.validation.budget import Budget
from windtunnel.validation.policy import Policy

DEFAULT_SECONDS = 10
"""Where a deployment's own policy does not say how long the analysis may take."""
_LINES = re.compile(r"\r\n|\r|\n")
_UNPRINTABLE = re.compile(r"[^\x20-\x7e\u00a0-\u200a\u2010-\u2027\u2030-\u205e\u2070-\ud7ff\ue000-\U0010ffff]")


class Place(Protocol):
    """Anything with a position: an `ast` node."""

    lineno: int
    col_offset: int


def printable(text: str, most: int) -> str:
    """Cut a text and escape what would not show or would change how the rest shows."""
    cut = text if len(text) <= most else text[: most - 1] + "…"
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", cut)


class Findings:
    """The findings of one program, and the time in which they have to be found."""

    def __init__(self, policy: Policy, source: str) -> None:
        self._policy = policy
        self._source = source
        self._lines: list[str] | None = None
        self._found: dict[tuple[str, int, int], Issue] = {}
        self._most = policy.bound("issues")
        self.budget = Budget(int(policy.data["bounds"].get("seconds", DEFAULT_SECONDS)))
        self.worst = SecurityLevel.SAFE

    def lines(self) -> list[str]:
        """Give the text's lines, split as Python splits them."""
        if self._lines is None:
            self._lines = _LINES.split(self._source)
        return self._lines

    def add(
        self, rule: str, place: Place | tuple[int, int] | None, message: str,
        *, severity: SecurityLevel | None = None, fix: str | None = None,
    ) -> None:  # fmt: skip
        """Record a finding. `place` is a node, or a line and column from 1, or None for the whole text."""
        known = self._policy.rules[rule]
        level = known.severity if severity is None else severity
        if len(self._found) >= self._most and level <= self.worst:
            return
        line, column, text = self._where(place)
        key = (rule, line, column)
        earlier = self._found.get(key)
        if earlier is not None and earlier.severity >= level:
            return
        self.worst = max(self.worst, level)
        self._found[key] = Issue(
            severity=level, rule=rule, category=known.category, message=printable(message, 400), line=line,
            column=column, text=printable(text, 200), fix=known.fix if fix is None else fix,
        )  # fmt: skip

    def _where(self, place: Place | tuple[int, int] | None) -> tuple[int, int, str]:
        if place is None:
            return 0, 0, ""
        lines = self.lines()
        if isinstance(place, tuple):
            line, column = place
        else:
            line, column = place.lineno, place.col_offset + 1
        text = lines[line - 1] if 0 < line <= len(lines) else ""
        if not isinstance(place, tuple) and not text.isascii():
            column = len(text.encode()[: column - 1].decode(errors="ignore")) + 1
        return line, column, text.strip()

    def issues(self) -> tuple[Issue, ...]:
        """Give all, worst first, then by place."""
        return tuple(sorted(self._found.values(), key=lambda one: (-one.severity, one.line, one.column, one.rule)))
