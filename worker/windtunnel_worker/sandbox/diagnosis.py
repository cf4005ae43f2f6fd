"""Why a program ended badly, read out of what its compiler or runtime wrote. Pure.

Python's exceptions arrive as frames of their own; those of the other languages, and Python's crashes, are found here in
the text of stderr, and given the same shape. All of it is the program's own word.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Iterable

from windtunnel.contract import Outcome
from windtunnel_worker.sandbox.endings import CRASHES, SIGNALS
from windtunnel_worker.sandbox.languages import ANSWER, COMPILE_TIMEOUT_S, Language
from windtunnel_worker.sandbox.protocol import End, Fault, Transcript

STILL_RUNNING = {
    Outcome.TIMED_OUT: "Still running at its time limit",
    Outcome.CPU_EXCEEDED: "Still running at its limit of processor time",
}
KEPT_TRACE = 16_384
READ_BYTES = 256 * 1024
"""Of the end of stderr, where an exception stands."""
OWN_FRAMES = re.compile(r'^  File "/opt/windtunnel/\w+\.py", .*\n', re.MULTILINE)
"""Of the warden, which are no part of the program."""
FRAMES = re.compile(r'^  File "([^"\n]*)", line (\d{1,9}) in (.+)$', re.MULTILINE)
"""As `faulthandler` writes them, the innermost first."""
LEAVING = re.compile(r'^  File "/opt/windtunnel/program\.py", line \d+ in _leave$', re.MULTILINE)
LINE_CHARACTERS = 1000
"""What is longer is cut: the text is hostile, and matching must take time in proportion to its length."""


def diagnose(language: Language, code: str, transcript: Transcript) -> Fault | None:
    """The fault of a run that ended badly, or None.

    None as well where there is nothing to say: a plain non-zero exit or a limit's kill.
    """
    end = transcript.end
    if end is None:
        return None
    if end.timed_out or end.signal in (signal.SIGXCPU, signal.SIGKILL):
        outcome = Outcome.TIMED_OUT if end.timed_out else Outcome.CPU_EXCEEDED
        find = _still_running if language.run else _where_it_was
        where = find(language, code, transcript, outcome)
        if where:
            return where
    if end.exit_code == 0:
        return None
    if not language.run:
        return _crash(language, code, transcript) if end.signal in CRASHES else None
    text = _end_of_stderr(transcript)
    said = _lines(text)
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
    return Fault(
        type=kind,
        message=message,
        line=line,
        source=_source(line, code),
        traceback=text[-KEPT_TRACE:],
        memory=memory,
        processes=processes,
    )


def _crash(language: Language, code: str, transcript: Transcript) -> Fault | None:
    """A crash of the interpreter, of which `faulthandler` wrote the calls that led there, the innermost first."""
    _, heading, trace = _end_of_stderr(transcript).rpartition("Fatal Python error: ")
    line = _place_in(trace, language)
    if not heading or transcript.end is None or transcript.end.signal is None:
        return None
    number = signal.Signals(transcript.end.signal)
    return Fault(
        type=number.name,
        message=SIGNALS[number],
        line=line,
        source=_source(line, code),
        traceback=(heading + OWN_FRAMES.sub("", trace))[:KEPT_TRACE],
    )


def _where_it_was(language: Language, code: str, transcript: Transcript, outcome: Outcome) -> Fault | None:
    """Of a program whose time was over: what `faulthandler` wrote of all its threads, the current one last."""
    threads = re.split(r"^(?=(?:Current t|T)hread 0x)", transcript.place, flags=re.MULTILINE)
    current = next((one for one in threads if one.startswith("Current")), "")
    others = [one for one in threads if one is not current and _place_in(one, language)]
    left = _place_in(current, language) is None and LEAVING.search(current) is not None
    trace = others[0] if left and others else current
    line = _place_in(trace, language)
    if line is None:
        return None
    return Fault(
        type=outcome.value,
        message=STILL_RUNNING[outcome] + (": its last line has run, but a thread of it has not ended" if left else ""),
        line=line,
        source=_source(line, code),
        traceback=_as_python_writes_it(trace, language, code),
    )


def _still_running(language: Language, code: str, transcript: Transcript, outcome: Outcome) -> Fault | None:
    """Of a program in another language whose time was over: what its runtime wrote last."""
    _, answered, places = _end_of_stderr(transcript).rpartition(ANSWER)
    line = _line(language, _lines(places)) if answered and language.answers else None
    if line is None:
        return None
    return Fault(
        type=outcome.value,
        message=STILL_RUNNING[outcome],
        line=line,
        source=_source(line, code),
        traceback=places.strip("\n")[:KEPT_TRACE],
    )


def _as_python_writes_it(trace: str, language: Language, code: str) -> str:
    """The calls that `faulthandler` names, innermost last and with the program's lines."""
    written = ["Traceback (most recent call last):"]
    for file, number, function in reversed(FRAMES.findall(OWN_FRAMES.sub("", trace))):
        written.append(f'  File "{file}", line {number}, in {function}')
        source = _source(int(number), code) if file == language.source_name else ""
        written += [f"    {source}"] if source else []
    return "\n".join(written)[-KEPT_TRACE:]


def _place_in(trace: str, language: Language) -> int | None:
    """The program's line in the innermost of the calls that `faulthandler` names."""
    lines = (int(line) for file, line, _ in FRAMES.findall(trace) if file == language.source_name)
    return next(lines, 0) or None


def _end_of_stderr(transcript: Transcript) -> str:
    return bytes(transcript.stderr)[-READ_BYTES:].decode(errors="replace")


def _lines(text: str) -> list[str]:
    return [line[:LINE_CHARACTERS] for line in text.splitlines()]


def _source(line: int | None, code: str) -> str:
    lines = re.split(r"\r\n|\r|\n", code)
    return lines[line - 1].strip() if line and line <= len(lines) else ""


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
        return "CompileError", found[2].strip(), int(found[1]) or None
    telling = _first([r"^.*error: (.+)$", r"^(.*(?:error|undefined|not ).*)", r"^(.*\S.*)"], said)
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
    return (int(found[1]) or None) if found else None
