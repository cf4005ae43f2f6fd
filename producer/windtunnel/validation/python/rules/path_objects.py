"""Rules about paths as objects, and about the functions that make folders and ask for files.

A path object is followed as the text that it stands for (`values.lattice.File`); it is judged where it is made, so
that one that gets out of sight is harmless too.
"""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Callable
from pathlib import PurePosixPath

from windtunnel.validation.python.evaluation.analysis import Analysis
from windtunnel.validation.python.evaluation.call import Call
from windtunnel.validation.python.rules import paths
from windtunnel.validation.python.values import folding, texts
from windtunnel.validation.python.values.lattice import (
    BUILT,
    PUT_IN,
    UNKNOWN,
    Const,
    Danger,
    File,
    Foreign,
    Method,
    Text,
    Value,
    each,
    join,
    text_of,
)

CLASSES = ("pathlib.Path", "pathlib.PurePath")
_MAKING = ("os.makedirs", "os.mkdir")
_ASKING = frozenset({"exists", "is_file", "is_dir"})
_RESOLVING = frozenset({"resolve", "absolute"})
_RENAMING = frozenset({"with_suffix", "with_name", "with_stem"})
_METHODS = (
    _ASKING
    | _RENAMING
    | _RESOLVING
    | {"mkdir", "write_text", "write_bytes", "read_text", "read_bytes", "open", "joinpath"}
)
_PARTS = frozenset({"name", "stem", "suffix"})


def function(analysis: Analysis, call: Call, path: str) -> Value:
    """Evaluate and judge a call of what is lent of `os` and `pathlib`."""
    arguments: list[Value] = [BUILT] if call.is_open else call.arguments
    if path in CLASSES:
        return made(analysis, call.node, File(folding.joined_path(arguments or [Const(".")])))
    if path == "os.path.join":
        return folding.joined_path(arguments) if arguments else UNKNOWN
    if path in _TEXTUAL:
        return _part(analysis, path, arguments[0] if arguments else call.keywords.get("path", UNKNOWN))
    given = arguments[0] if arguments else call.keywords.get("name", call.keywords.get("path", UNKNOWN))
    if path in _MAKING:
        _judge_folder(analysis, call.node, path, given)
    else:
        _judge_asking(analysis, call.node, path, given)
    return UNKNOWN


_FIX = "Take prices from data by the dataset's name; write to a file beside the program, such as 'trades.csv'."


def made(analysis: Analysis, node: ast.AST, value: Value) -> Value:
    """Judge the path objects in a value where they are made."""
    for one in each(value):
        if isinstance(one, File) and not all(_is_within(analysis, text) for text in each(one.text)):
            shown = f" {one.text.value!r}" if isinstance(one.text, Const) else ""
            analysis.report("library.file_write", node, f"The path{shown} is not one beside the program.", fix=_FIX)
    return value


def attribute(analysis: Analysis, file: File, name: str, node: ast.AST, *, called: bool) -> Value:
    """Evaluate and judge reading a name of a path object."""
    if name == "parent":
        return made(analysis, node, File(_parent(file.text)))
    if name in _PARTS:
        text = folding.known(file.text)
        return Const(getattr(PurePosixPath(text), name)) if isinstance(text, str) else PUT_IN
    if name == "as_posix" or (name in _METHODS and called):
        return Method(file, name)
    analysis.report("library.path_argument", node, f".{name} of a path is not for strategies.")
    return Danger(name, getattr(node, "lineno", 0))


def method(analysis: Analysis, call: Call, file: File, name: str) -> Value:
    """Evaluate and judge a method of a path object."""
    if name == "as_posix":
        return file.text
    if name == "mkdir":
        _judge_folder(analysis, call.node, ".mkdir", file.text)
    elif name in _ASKING:
        _judge_asking(analysis, call.node, f".{name}", file.text)
    elif name in ("write_text", "write_bytes"):
        paths.judge_writing(analysis, call.node, f".{name}", file.text)
    elif name == "open":
        mode = call.keywords.get("mode", call.arguments[0] if call.arguments else Const("r"))
        return _opened(analysis, call.node, file.text, UNKNOWN if "**" in call.keywords else mode)
    elif name in ("read_text", "read_bytes"):
        opened = _opened(analysis, call.node, file.text, Const("r"))
        return Foreign(f"{opened.path}.read") if isinstance(opened, Foreign) else opened
    elif name == "joinpath":
        return made(analysis, call.node, File(folding.joined_path([file.text, *call.arguments])))
    elif name in _RESOLVING:
        return File(_absolute(analysis, file.text))
    elif name in _RENAMING:
        return made(analysis, call.node, File(_renamed(file.text, name, call.arguments)))
    return UNKNOWN


def _opened(analysis: Analysis, node: ast.Call, text: Value, mode: Value) -> Value:
    if paths.judge_opening(analysis, node, text, mode):
        return Foreign(paths.ARTIFACT)
    analysis.report("library.file_read", node, "Opens a file that is neither an artifact nor a dataset.")
    return UNKNOWN


def _judge_folder(analysis: Analysis, node: ast.AST, how: str, given: Value) -> None:
    for one in each(text_of(given)):
        target = f" {one.value!r}" if isinstance(one, Const) else ""
        if not paths.is_folder(analysis, one):
            analysis.report(
                "library.file_write", node, f"{how} makes the folder{target}, which is not beside the program."
            )
            return
        analysis.report("library.artifact", node, f"{how} makes the folder{target} for artifacts.")


def _judge_asking(analysis: Analysis, node: ast.AST, how: str, given: Value) -> None:
    if not all(_is_within(analysis, one) for one in each(text_of(given))):
        analysis.report("library.file_read", node, f"{how} asks for a file that is not beside the program.")


def _is_within(analysis: Analysis, text: Value) -> bool:
    """Recognise a path beside the program, among its artifacts or among the datasets."""
    if isinstance(text, Const) and isinstance(text.value, str) and paths.is_mounted(analysis, f"{text.value}/x"):
        return True
    return paths.is_folder(analysis, text)


def _root(analysis: Analysis) -> str:
    """Give the folder that a program runs in."""
    return analysis.tables.artifacts.rstrip("/")


def _absolute(analysis: Analysis, text: Value) -> Value:
    """Give paths as seen from the root of the file system."""
    return join([folding.joined_path([Const(_root(analysis)), one]) for one in each(text)])


def _part(analysis: Analysis, path: str, given: Value) -> Value:
    """Give what `os.path.dirname` and its kin make of a path."""
    found: list[Value] = []
    for one in each(text_of(given)):
        known = folding.known(one)
        if path in _ABSOLUTE:
            whole = folding.known(_absolute(analysis, one))
            found.append(Const(posixpath.normpath(whole)) if isinstance(whole, str) else BUILT)
        elif isinstance(known, str):
            found.append(folding.as_value(_TEXTUAL[path](known)))
        elif path == "os.path.dirname" and texts.is_textual(one):
            found.append(_parent(one))
        else:
            found.append(BUILT)
    return join(found)


_ABSOLUTE = ("os.path.abspath", "os.path.realpath")
_TEXTUAL: dict[str, Callable[[str], str | tuple[str, str]]] = {
    "os.path.dirname": posixpath.dirname,
    "os.path.basename": posixpath.basename,
    "os.path.normpath": posixpath.normpath,
    "os.path.splitext": posixpath.splitext,
    **dict.fromkeys(_ABSOLUTE, posixpath.normpath),
}


def _parent(text: Value) -> Value:
    if isinstance(text, Const) and isinstance(text.value, str):
        return Const(str(PurePosixPath(text.value).parent))
    if isinstance(text, Text) and isinstance(text.parts[-1], str) and "/" in text.parts[-1]:
        return Text((*text.parts[:-1], posixpath.dirname(text.parts[-1])))
    return BUILT


def _renamed(text: Value, name: str, arguments: list[Value]) -> Value:
    given = folding.known(arguments[0]) if len(arguments) == 1 else UNKNOWN
    if isinstance(text, Const) and isinstance(text.value, str) and isinstance(given, str):
        try:
            return Const(str(getattr(PurePosixPath(text.value), name)(given)))
        except ValueError:
            return BUILT
    return BUILT
