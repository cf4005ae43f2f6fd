"""How deep a syntax tree can get, counted from above on the text: so that no C stack runs out in parsing it."""

from __future__ import annotations

import re

from windtunnel.validation import literals

_STRUCTURE = re.compile(
    rf"""(?<!\w)[rRbBuU]{{0,2}}{literals.QUOTED}|\#[^\r\n]*|\\(?:\r\n|\r|\n)"""
    rf"""|((?<!\w){literals.STRING}|[\r\n][ \t\f\r\n]*(?:elif\b|else\b|except\b|finally\b)?|[()\[\]{{}},;]"""
    r"""|\*\*|//|->|:=|[=!<>]=|<<|>>|(?<!\d)\.|\.(?!\d)|[-+*/%@&|^~<>:]"""
    r"""|\b(?:not|lambda|if|else|await|yield|and|or|is|in|elif|from)\b)""",
    re.DOTALL,
)
_COUNTED = re.compile(r"\*\*|//|[-+*/%@&|^~<>.(\[{]|\b(?:not|lambda|if|else|await|yield|and|or|is|in)\b")


class _Depth:
    """Counts, from above, how deep a syntax tree the tokens can give."""

    def __init__(self) -> None:
        self.deepest = self.total = 0
        self.line = self.deepest_line = 1
        self.open: list[tuple[int, int]] = []
        """For each open bracket: what its content has added since the last comma, and the lambdas in it."""
        self.run = self.kept = 0
        """The same for the innermost one. A lambda has commas of its own, so that none ends it."""
        self.blocks: list[list[int]] = [[0, 0]]
        """For each block: its indentation, and how many `elif` its last `if` has had."""

    def deepen(self, by: int) -> None:
        """Go deeper within the innermost bracket."""
        self.run += by
        self.total += by
        if self.total > self.deepest:
            self.deepest, self.deepest_line = self.total, self.line

    def take(self, token: str) -> None:
        """Take one token of structure."""
        first = token[0]
        if first in "\r\n":
            self.line += token.count("\n")
            if not self.open:
                self._new_line(token)
        elif first in "([{":
            self.deepen(1)
            self.open.append((self.run, self.kept))
            self.run = self.kept = 0
        elif first in ")]}":
            if self.open:
                self.total -= self.run + self.kept
                self.run, self.kept = self.open.pop()
        elif first in ",;":
            self.total -= self.run
            self.run = 0
        elif token[-1] in "'\"":
            self.line += token.count("\n")
            self._literal(token)
        elif token == "lambda":
            self.kept += 1
            self.total += 1
            self.deepen(0)
        elif token != ":":
            self.deepen(1)

    def _literal(self, token: str) -> None:
        if "{" not in token:
            return
        deep: dict[int, int] = {}
        for hole, _, code in literals.holes(token):
            deep[hole] = deep.get(hole, 0) + 1 + len(_COUNTED.findall(code))
        before = self.run
        self.deepen(max(deep.values(), default=0))
        self.total -= self.run - before
        self.run = before

    def _new_line(self, token: str) -> None:
        """Begin a logical line: close the blocks that it closes and count the `elif`s around it."""
        rest = token[max(token.rfind("\n"), token.rfind("\r")) + 1 :]
        word = rest.lstrip(" \t\f")
        indent = len(rest) - len(word)
        while len(self.blocks) > 1 and self.blocks[-1][0] > indent:
            self.blocks.pop()
        if self.blocks[-1][0] < indent:
            self.blocks.append([indent, 0])
        if word == "elif":
            self.blocks[-1][1] += 1
        elif not word:
            self.blocks[-1][1] = 0
        self.run = self.kept = 0
        self.total = len(self.blocks) + sum(block[1] for block in self.blocks)
        self.deepen(0)


def deepest(text: str) -> tuple[int, int]:
    """Give the depth that brackets, blocks, operators and calls can reach in a program's tree, and the line of it."""
    depth = _Depth()
    depth.take("\n" + " " * (len(text) - len(text.lstrip(" \t\f"))))
    depth.line = 1
    for token in _STRUCTURE.findall(text):
        if token:
            depth.take(token)
    return depth.deepest, depth.deepest_line
