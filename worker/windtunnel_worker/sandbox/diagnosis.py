"""Why a program in another language than Python ended badly, read out of what its compiler or runtime wrote. Pure.

Python's exceptions arrive as frames of their own; here they are found in the text of stderr, and given the same shape.
All of it is the program's own word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from windtunnel_worker.sandbox.languages import COMPILE_TIMEOUT_S, Language
from windtunnel_worker.sandbox.protocol import End, Fault, Transcript

KEPT_TRACE = 16_384
READ_BYTES = 256 * 1024
"""Of the end of stderr, where an exception stands."""
LINE_CHARACTERS = 1000
"""What is longer is cut: the text is hostile, and matching must take time in proportion to its length."""


def diagnose(language: Language, code: str, transcript: Transcript) -> Fault | None:
    """The fault of a run that ended badly, or None.

    None as well where there is nothing to say: a plain non-zero exit or a limit's kill.
    """
    end = transcript.end
    if not language.run or end is None or end.exit_code == 0:
        return None
    text = bytes(transcript.stderr)[-READ_BYTES:].decode(errors="replace")
    said = [line[:LINE_CHARACTERS] for line in text.splitlines()]
    memory = _first([language.out_of_memory], said) is not None
    processes = _first([language.out_of_processes], said) is not None
    if end.stage == "compile":
        kind, message, line = _compile_error(language, said, end)
    else:
        found = _first(language.exceptions, said)
        if found is None and not memory:
            return None
        kind, message = (found["type"], (found["message"] or "").strip()) if found else ("OutOfMemory", "")
        line = _line(language, said)
    lines = code.splitlines()
    return Fault(
        type=kind,
        message=message,
        line=line or None,
        source=lines[line - 1].strip() if line and line <= len(lines) else "",
        traceback=text[-KEPT_TRACE:],
        memory=memory,
        processes=processes,
    )


def _compile_error(language: Language, said: list[str], end: End) -> tuple[str, str, int | None]:
    """Type, message and line of the first error.

    Every compiler is made to write `file:line:column: error: message`; Go's leaves out "error", Java's the column.
    What names no line of the program (a linker's complaint) is given as it stands.
    """
    if end.compile_timed_out:
        return "CompileError", f"Compiling took longer than {COMPILE_TIMEOUT_S:g} s.", None
    place = rf"^[^\s:]*{re.escape(language.source_name)}:(\d{{1,9}}):(?:\d+:)? "
    found = _first([f"{place}(?:fatal )?error: (.+)$", f"{place}(?!note: |warning: )(.+)$"], said)
    if found:
        return "CompileError", found[2].strip(), int(found[1])
    telling = _first([r"^.*error: (.+)$", r"(.*(?:error|undefined|not ).*)", r"(.*\S.*)"], said)
    return "CompileError", telling[1].strip() if telling else "The compiler gave no reason.", None


def _first(patterns: Iterable[str], lines: list[str]) -> re.Match[str] | None:
    """The first line that the first of the patterns matches that matches any."""
    for pattern in patterns:
        search = re.compile(pattern).search
        for line in lines:
            found = search(line)
            if found is not None:
                return found
    return None


def _line(language: Language, said: list[str]) -> int | None:
    """Where the innermost call in the program's own text stood: the first place that a trace names."""
    found = _first([rf"\b{re.escape(language.source_name)}:(\d{{1,9}})"], said)
    return int(found[1]) if found else None
