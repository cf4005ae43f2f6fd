"""Recognizes text that was pasted from a chat or a notebook together with what surrounded the code.

Imports nothing of the project.
"""

from __future__ import annotations

import re

_FENCE = re.compile(r"^[ \t]*(```|~~~)", re.MULTILINE)
_PROSE = re.compile(r"[A-Z][\w'’]*,?( [\w'’,;()-]+){3,}[.:!]?")
_COMMAND = re.compile(r"[%!]{1,2}[A-Za-z]|(\$ )?(pip3?|conda|python3?) \S")
_EDITOR = re.compile(
    r">>> |\.\.\. |In \[\d+\]:|@@ |\+(import |from |def |class |#)|\d+[|:]?\s+(import |from |def |class |#|\w+ = )"
)
_PLATFORM = re.compile(r"^(//@version=\d|#property \w)", re.MULTILINE)
_TAG = re.compile(r"</?[A-Za-z][\w-]*>|\[/?[A-Z]{2,}\]")
_ENTITY = re.compile(r"&(lt|gt|amp|quot|#39);")
_HEADING = re.compile(r"((Sample|Expected|Example) )?([Oo]utput|[Uu]sage|Explanation|Results?|Notes?):")

MOST_MATCHED = 400
"""Characters of a line that is looked at."""

IN_FENCES = "Give only the code that stands between the fences (```), without them and without the text around them."
NOTEBOOK = "Give the notebook's code alone: `jupyter nbconvert --to script` writes it out."
COMMAND = (
    "It is a shell's or a notebook's command: leave the line out. Libraries cannot be installed here, and figures are "
    "kept anyway."
)
EDITOR = "Give the lines without what an interpreter or an editor puts before them: >>>, numbers, + and -."
TAGS = "Give only the code, without the tags around it."
ENTITIES = "Write <, >, & and quotes themselves, not as a web page's source has them."
PLATFORM = "It is a script for another platform: write it in Python, and return positions from signals(data, params)."
ESCAPED = "Give the program with its line breaks: here they are the two characters \\n."
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
    if _PLATFORM.search(text):
        return PLATFORM
    if text.count("\n") < 2 <= text.count("\\n"):
        return ESCAPED
    marks = (
        (_COMMAND.match, COMMAND),
        (_EDITOR.match, EDITOR),
        (_TAG.fullmatch, TAGS),
        (_ENTITY.search, ENTITIES),
        (_HEADING.fullmatch, PROSE),
        (_PROSE.fullmatch, PROSE),
    )
    return next((said for found, said in marks if len(line) < MOST_MATCHED and found(line)), None)
