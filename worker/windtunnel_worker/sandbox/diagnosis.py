"""Why a program in another language than Python ended badly, read out of what its compiler or runtime wrote. Pure.

Python's exceptions arrive as frames of their own; here they are found in the text of stderr, and given the same shape.
All of it is the program's own word.
"""

from __future__ import annotations

import re

from windtunnel_worker.sandbox.languages import COMPILE_TIMEOUT_S, Language
from windtunnel_worker.sandbox.protocol import End, Fault, Transcript

KEPT_TRACE = 16_384


def diagnose(language: Language, code: str, transcript: Transcript) -> Fault | None:
    """The fault of a run that ended badly, or None.

    None as well where there is nothing to say: a plain non-zero exit or a limit's kill.
    """
    end = transcript.end
    if not language.run or end is None or end.exit_code == 0:
        return None
    text = transcript.stderr.decode(errors="replace")
    if end.stage == "compile":
        kind, message, line = _compile_error(language, text, end)
        memory = _gave_up(language, text)
    else:
        memory = _gave_up(language, text)
        found = _exception(language, text)
        if found is None and not memory:
            return None
        kind, message = found or ("OutOfMemory", "")
        line = _line(language, text)
    lines = code.splitlines()
    return Fault(
        type=kind,
        message=message,
        line=line,
        source=lines[line - 1].strip() if line and line <= len(lines) else "",
        traceback=text[-KEPT_TRACE:],
        memory=memory,
    )


def _compile_error(language: Language, text: str, end: End) -> tuple[str, str, int | None]:
    """Find the first error.

    Every compiler is made to write `file:line:column: error: message`, column and "error" being optional.
    What names no line of the program (a linker's complaint) is given as it stands.
    """
    if end.compile_timed_out:
        return "CompileError", f"Compiling took longer than {COMPILE_TIMEOUT_S:g} s.", None
    place = rf"^[^\s:]*{re.escape(language.source_name)}:(\d+):(?:\d+:)? "
    found = re.search(rf"{place}(?:fatal )?error: (.+)$", text, re.MULTILINE)
    found = found or re.search(rf"{place}(?!note: |warning: )(.+)$", text, re.MULTILINE)
    if found:
        return "CompileError", found[2].strip(), int(found[1])
    said = [line for line in text.splitlines() if line.strip()]
    telling = [line for line in said if re.search(r"error|undefined|not ", line)] or said
    reason = telling[0].rpartition("error: ")[2].strip() if telling else "The compiler gave no reason."
    return "CompileError", reason, None


def _exception(language: Language, text: str) -> tuple[str, str] | None:
    for pattern in language.exceptions:
        found = re.search(pattern, text, re.MULTILINE)
        if found is not None:
            return found["type"], (found["message"] or "").strip()
    return None


def _gave_up(language: Language, text: str) -> bool:
    return re.search(language.out_of_memory, text, re.MULTILINE) is not None


def _line(language: Language, text: str) -> int | None:
    """Where the innermost call in the program's own text stood: the first place that a trace names."""
    found = re.search(rf"\b{re.escape(language.source_name)}:(\d+)", text)
    return int(found[1]) if found else None
