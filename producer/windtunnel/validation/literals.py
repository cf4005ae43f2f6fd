"""String literals of Python in a text, found without parsing it: where they are, and the code in f-strings."""

from __future__ import annotations

import re

QUOTED = (
    r"""(?:\'\'\'[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*(?:\'\'\'|\Z)"""
    r"""|\"\"\"[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*(?:\"\"\"|\Z)"""
    r"""|'[^'\\\r\n]*(?:\\(?:\r\n|.)[^'\\\r\n]*)*(?:'|(?=[\r\n])|\Z)"""
    r"""|"[^"\\\r\n]*(?:\\(?:\r\n|.)[^"\\\r\n]*)*(?:"|(?=[\r\n])|\Z))"""
)
"""A quoted text; an unterminated one goes to where Python gives up, so that no text is scanned twice."""
STRING = "[A-Za-z]{0,2}" + QUOTED
"""The same with letters before it: `f"…"`."""
OPAQUE = re.compile(rf"(?P<string>(?<!\w){STRING}|{QUOTED})|\#[^\r\n]*", re.DOTALL)
"""What is not code: a string or a comment."""
_QUOTES = re.compile("'''|\"\"\"|['\"]")
_QUOTED = re.compile(QUOTED, re.DOTALL)


def holes(literal: str) -> list[tuple[int, int, str]]:
    """Give the code in the holes of an f-string: the hole's number, the place, the code; [] for any other string.

    Text in quotes within a hole is left out, unless it is an f-string itself: what nests has its outer hole's number.
    """
    quote = _QUOTES.search(literal)
    if quote is None or "f" not in literal[: quote.start()].lower():
        return []
    found: list[tuple[int, int, str]] = []
    templates = [(quote.end(), len(literal), -1)]
    while templates:
        start, end, outer = templates.pop()
        for number, begin, stop in _code_spans(literal, start, end):
            hole = number if outer < 0 else outer
            at = begin
            for opaque in OPAQUE.finditer(literal, begin, stop):
                found.append((hole, at, literal[at : opaque.start()]))
                at = opaque.end()
                inner = _QUOTES.search(opaque[0])
                if inner is not None and "f" in opaque[0][: inner.start()].lower():
                    templates.append((opaque.start() + inner.end(), opaque.end(), hole))
            found.append((hole, at, literal[at:stop]))
    return found


def _code_spans(literal: str, start: int, end: int) -> list[tuple[int, int, int]]:
    """Give the outermost hole, the begin and the end of each piece of code, those in format specifications too."""
    found: list[tuple[int, int, int]] = []
    opened: list[tuple[int, int]] = []
    """For each open hole: where its code begins (-1: in its format specification), and the brackets open in it."""
    number = -1
    at = start
    while at < end:
        sign = literal[at]
        if not opened or opened[-1][0] < 0:
            if sign == "{" and not opened and literal[at + 1 : at + 2] == "{":
                at += 1
            elif sign == "{":
                number += not opened
                opened.append((at + 1, 0))
            elif sign == "}" and opened:
                opened.pop()
            at += 1
            continue
        begin, brackets = opened[-1]
        if sign in "'\"":
            string = _QUOTED.match(literal, at, end)
            at = string.end() if string is not None else end
            continue
        if sign in "([{":
            opened[-1] = (begin, brackets + 1)
        elif sign in ")]}" and brackets:
            opened[-1] = (begin, brackets - 1)
        elif sign in "}:" and not brackets:
            found.append((number, begin, at))
            opened.pop()
            if sign == ":":
                opened.append((-1, 0))
        at += 1
    found.extend((number, begin, end) for begin, _ in opened if begin >= 0)
    return found
