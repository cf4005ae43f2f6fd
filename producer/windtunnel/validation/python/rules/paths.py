"""Rules about paths: what may be read, and that nothing but artifacts is written."""

from __future__ import annotations

import ast
import posixpath

from windtunnel.validation.python.evaluation.analysis import Analysis
from windtunnel.validation.python.evaluation.call import Call
from windtunnel.validation.python.values.lattice import (
    NONE,
    UNKNOWN,
    Bag,
    Const,
    Foreign,
    Lib,
    Text,
    Value,
    each,
    text_of,
)


def judge_path_argument(analysis: Analysis, call: Call, name: str) -> None:
    """Judge a writing method: without a path it only makes text; an artifact comes back with the report."""
    keyword, position = analysis.tables.path_argument[name]
    callee = analysis.memo.get(call.node.func)
    if isinstance(callee, Lib) and callee.path in _AS_FUNCTIONS:
        position += 1
    given = call.keywords.get(keyword, call.arguments[position] if len(call.arguments) > position else NONE)
    if call.is_open:
        given = UNKNOWN
    judge_writing(analysis, call.node, f".{name}", given)


def judge_writing(analysis: Analysis, node: ast.AST, how: str, given: Value) -> None:
    """Judge the path that something is written to."""
    for one in each(given):
        if isinstance(one, Foreign) and one.path in analysis.tables.memory:
            continue
        if isinstance(one, Const) and not isinstance(one.value, str):
            continue
        target = f" to {one.value!r}" if isinstance(one, Const) else ""
        if not is_artifact(analysis, one):
            analysis.report("library.file_write", node, f"{how} writes a file{target}.")
            return
        if isinstance(one, Const):
            analysis.written.add(posixpath.normpath(one.value))
        analysis.report("library.artifact", node, f"{how} writes an artifact{target}.")


def is_artifact(analysis: Analysis, value: Value) -> bool:
    """Recognise a path beside the program, or in the folder for artifacts, with the ending of data or a picture."""
    return _ends(value, analysis.tables.artifact_endings) and _is_beside(analysis, _spelled(value))


def is_folder(analysis: Analysis, value: Value) -> bool:
    """Recognise a folder beside the program, or below the one for artifacts; the folder itself too."""
    text = _spelled(value)
    root = analysis.tables.artifacts.rstrip("/")
    return text is not None and (text in ("", ".", root) or _is_beside(analysis, text.removesuffix("/")))


def is_dataset_name(analysis: Analysis, value: Value) -> bool:
    """Recognise a file name that the sandbox answers with a dataset of the job."""
    return _ends(value, analysis.tables.dataset_endings) and _is_beside(analysis, _spelled(value))


def _spelled(value: Value) -> str | None:
    """The text of a path, with a letter for each part that is known at run time only; None for any other value."""
    if isinstance(value, Const) and isinstance(value.value, str):
        return value.value
    if isinstance(value, Text) and not value.built and (type(value.parts[0]) is str or type(value.parts[-1]) is str):
        return "".join(part if isinstance(part, str) else "x" for part in value.parts)
    return None


def _ends(value: Value, endings: tuple[str, ...]) -> bool:
    last = value.parts[-1] if isinstance(value, Text) else _spelled(value)
    return isinstance(last, str) and last.lower().endswith(endings)


def _is_beside(analysis: Analysis, text: str | None) -> bool:
    if text is None or any(mark in text for mark in "\\:~\0"):
        return False
    parts = [part for part in text.removeprefix(analysis.tables.artifacts).split("/") if part != "."]
    return bool(parts) and all(part and not part.startswith(".") for part in parts)


def open_artifact(analysis: Analysis, node: ast.Call) -> Value | None:
    """Evaluate `open(path, "w")` of an artifact, or of one that the program wrote itself; None for any other."""
    if len(node.args) > 3 or any(isinstance(one, ast.Starred) for one in node.args):
        return None
    given = {keyword.arg: keyword.value for keyword in node.keywords}
    if not given.keys() <= {"file", "mode", "encoding", "newline", "buffering", "errors"}:
        return None
    named = [*node.args, *(given[one] for one in ("file", "mode")[len(node.args) :] if one in given)]
    values = [text_of(analysis.value(one)) for one in named]
    mode = values[1] if len(values) > 1 else Const("r")
    if not values or "opener" in given:
        return None
    for option in given.values():
        analysis.value(option)
    return Foreign(ARTIFACT) if judge_opening(analysis, node, values[0], mode) else None


def judge_opening(analysis: Analysis, node: ast.AST, path: Value, mode: Value) -> bool:
    """Report what may be opened: artifacts, and file names that are answered with a dataset. False for any other."""
    if not isinstance(mode, Const) or mode.value not in _MODES:
        return False
    reads = mode.value[0] == "r"
    for one in each(path):
        known = posixpath.normpath(one.value) if isinstance(one, Const) and isinstance(one.value, str) else None
        if reads and known in analysis.written:
            continue
        if reads and is_dataset_name(analysis, one):
            _report_dataset(analysis, node, "open", one)
        elif reads or not is_artifact(analysis, one):
            return False
        elif known is not None:
            analysis.written.add(known)
    analysis.report("library.artifact", node, "open() of an artifact.")
    return True


def _report_dataset(analysis: Analysis, node: ast.AST, how: str, name: Value) -> None:
    shown = repr(name.value) if isinstance(name, Const) else "a file"
    said = f"{how} reads {shown}, which is there only if a dataset of the job is called so."
    analysis.report("library.dataset_name", node, said)


_AS_FUNCTIONS = frozenset({"plotly.io.write_html", "plotly.io.write_json"})
"""Methods that are functions too, with the object as their first argument."""
_MODES = frozenset("w wt wb w+ a at ab a+ x xt xb r rt rb".split())
ARTIFACT = "io.artifact"
"""A file of the program's own among its artifacts."""


def is_scratch(analysis: Analysis, value: Value) -> bool:
    """Recognise a file below the sandbox's own temporary folder, or one in memory."""
    if isinstance(value, Foreign):
        return value.path in analysis.tables.memory
    if isinstance(value, Const) and isinstance(value.value, str):
        return posixpath.normpath(value.value).startswith(analysis.tables.writable)
    if isinstance(value, Text) and not value.built and isinstance(value.parts[0], str):
        whole = value.known.replace("\0", "x")
        return value.parts[0].startswith(analysis.tables.writable) and ".." not in whole
    return False


def is_mounted(analysis: Analysis, text: str) -> bool:
    """Recognise a path that stays below the mounted datasets."""
    return posixpath.normpath(text).startswith(analysis.tables.roots) and "\0" not in text


READ = ("filepath_or_buffer", "path_or_buf", "fname", "file", "path", "io", "source")
"""How readers call what they read."""


def judge_reading(analysis: Analysis, call: Call, path: str) -> None:
    """Judge a reading function: mounted datasets and text in memory may be read."""
    given = next(
        (call.keywords[one] for one in READ if one in call.keywords), call.arguments[0] if call.arguments else UNKNOWN
    )
    for one in each(given):
        if isinstance(one, Foreign) and one.path in analysis.tables.memory:
            continue
        if isinstance(one, Bag) and path in ("numpy.loadtxt", "numpy.genfromtxt"):
            continue
        if path in analysis.tables.scratch and is_scratch(analysis, one):
            analysis.report("library.scratch_file", call.node, f"{path} reads a temporary file.")
            continue
        if isinstance(one, Const) and isinstance(one.value, str):
            if is_mounted(analysis, one.value) or posixpath.normpath(one.value) in analysis.written:
                continue
            if path.startswith(analysis.tables.answered) and is_dataset_name(analysis, one):
                _report_dataset(analysis, call.node, path, one)
                continue
            if "://" in one.value:
                analysis.report("library.network", call.node, f"{path} fetches {one.value!r}.")
            else:
                why = "which is not a dataset" if one.value.startswith("/") else "and there is no such file here"
                analysis.report("library.file_read", call.node, f"{path} reads {one.value!r}, {why}.")
            return
        if path.startswith(analysis.tables.answered) and is_dataset_name(analysis, one):
            _report_dataset(analysis, call.node, path, one)
            continue
        if isinstance(one, Text) and not one.built and isinstance(one.parts[0], str):
            if is_mounted(analysis, one.known.replace("\0", "x")) and one.parts[0].startswith(analysis.tables.roots):
                analysis.report("library.dataset_path", call.node, f"{path} reads a dataset by a path put together.")
                continue
        analysis.report("library.file_read", call.node, f"{path} reads a file that is not known here.")
        return


def judge_saving(analysis: Analysis, call: Call, path: str) -> None:
    """Judge a function that writes arrays: artifacts, and files put aside in the temporary folder."""
    given = call.keywords.get("file", call.argument("fname", 0))
    targets = each(given)
    artifact = all(is_artifact(analysis, one) for one in targets)
    if not artifact and path in analysis.tables.scratch and all(is_scratch(analysis, one) for one in targets):
        analysis.report("library.scratch_file", call.node, f"{path} writes a file.")
    else:
        judge_writing(analysis, call.node, path, given)
