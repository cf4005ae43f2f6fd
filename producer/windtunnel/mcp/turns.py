"""Limits how many calls a token may have in progress in this process. Imports errors only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from windtunnel.errors import TooManyCalls


class Turns:
    """Counts calls in progress by token; `TooManyCalls` beyond the limit. For one event loop."""

    def __init__(self, what: str, most: int) -> None:
        self._what, self._most = what, most
        self._under_way: Counter[str] = Counter()

    def taken(self, token: str) -> bool:
        """True if this token has all of its turns under way."""
        return self._under_way[token] >= self._most

    @contextmanager
    def one(self, token: str) -> Iterator[None]:
        """Take one turn for as long as the block runs."""
        if self.taken(token):
            raise TooManyCalls(self._what, self._most)
        self._under_way[token] += 1
        try:
            yield
        finally:
            self._under_way[token] -= 1
            self._under_way += Counter()  # drops tokens that have nothing under way
