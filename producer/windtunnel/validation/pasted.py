"""Recognizes text that was pasted from a chat or a notebook together with what surrounded the code.

Imports nothing of the project.
"""

from __future__ import annotations

import re

_FENCE = re.compile(r"^[ \t]*(```|~~~)", re.MULTILINE)
_PROSE = re.compile(r"[A-Z][\w'’]*,?( [\w'’,;()-]+){3,}[.:!]?")
_COMMAND = re.compile(r"[%!]{1,2}[A-Za-z]")

IN_FENCES = "Give only the code that stands between the fences (```), without them and without the text around them."
NOTEBOOK = "Give the notebook's code alone: `jupyter nbconvert --to script` writes it out."
COMMAND = (
    "It is a notebook's command: leave the line out. Libraries cannot be installed here, and figures are kept anyway."
)
PROSE = "The line is not code: give the program alone, without the text around it."


def is_notebook(text: str) -> bool:
    """Whether a text is a notebook's file, which is JSON and may even be valid Python."""
    return text.lstrip()[:1] == "{" and '"nbformat"' in text and '"cells"' in text


def remedy(text: str, number: int) -> str | None:
    """What to do about a text that cannot be parsed at a line, counted from 1; None where nothing better is known."""
    if is_notebook(text):
        return NOTEBOOK
    fence = _FENCE.search(text)
    if fence and number <= text.count("\n", 0, fence.end()) + 1:  # later ones may stand in a program's own text
        return IN_FENCES
    lines = re.split(r"\r\n|\r|\n", text)
    line = lines[number - 1].strip() if 0 < number <= len(lines) else ""
    if _COMMAND.match(line):
        return COMMAND
    return PROSE if len(line) < 400 and _PROSE.fullmatch(line) else None
