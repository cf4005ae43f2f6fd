"""One call as the rules see it: its node and the values that it is given. May import values only."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from windtunnel.validation.python.values.lattice import UNKNOWN, Value

SPREAD = "**"
"""The key of what is given as `**options`."""


@dataclass(slots=True)
class Call:
    """A call with its arguments evaluated."""

    node: ast.Call
    arguments: list[Value]
    keywords: dict[str, Value]
    """By name; what is spread stands under `SPREAD`."""

    @property
    def given(self) -> list[Value]:
        """Everything that is given, by place and by name."""
        return [*self.arguments, *self.keywords.values()]

    @property
    def spread(self) -> list[Value]:
        """What is given as `**options`: one value or none."""
        return [self.keywords[SPREAD]] if SPREAD in self.keywords else []

    @property
    def is_starred(self) -> bool:
        """Whether arguments come out of a container, so that their places are not known."""
        return any(isinstance(one, ast.Starred) for one in self.node.args)

    @property
    def is_open(self) -> bool:
        """Whether what is given cannot be told apart: by `*values` or `**options`."""
        return SPREAD in self.keywords or self.is_starred

    def argument(self, keyword: str, at: int) -> Value:
        """Give the argument called `keyword`, or the one at its place (from 0); `UNKNOWN` where it is not given."""
        found = self.keywords.get(keyword)
        if found is None:
            return self.arguments[at] if len(self.arguments) > at else UNKNOWN
        return found
