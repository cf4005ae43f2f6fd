"""Rules about arguments that are paths: what may be read, and that nothing is written."""

from __future__ import annotations

import ast
import posixpath

from windtunnel.validation.python.analysis import Analysis
from windtunnel.validation.python.values import NONE, UNKNOWN, Bag, Const, Foreign, Text, Value, each


def judge_path_argument(
    analysis: Analysis, node: ast.Call, name: str, arguments: list[Value], keywords: dict[str, Value]
) -> None:
    """Judge a writing method: without a path it only makes text."""
    keyword, position = analysis.tables.path_argument[name]
    given = keywords.get(keyword, arguments[position] if len(arguments) > position else NONE)
    if "**" in keywords:
        given = UNKNOWN
    for one in each(given):
        if type(one) is Const and one.value is None:
            continue
        if type(one) is Foreign and one.path in analysis.tables.memory:
            continue
        if type(one) is Const and not isinstance(one.value, str):
            continue
        target = f" to {one.value!r}" if type(one) is Const else ""
        analysis.report("library.file_write", node, f".{name} writes a file{target}.")
        return


def judge_chart(analysis: Analysis, node: ast.Call, arguments: list[Value], keywords: dict[str, Value]) -> None:
    """Judge `savefig`: a plain picture beside the program is a habit, any other path is a write."""
    given = keywords.get("fname", arguments[0] if arguments else UNKNOWN)
    plain = all(_is_plain_image(analysis, one) for one in each(given))
    rule = "library.chart_file" if plain else "library.file_write"
    analysis.report(rule, node, "savefig writes a file.")


def _is_plain_image(analysis: Analysis, value: Value) -> bool:
    if type(value) is Foreign:
        return value.path in analysis.tables.memory
    if type(value) is Const and isinstance(value.value, str):
        return "/" not in value.value and "\\" not in value.value and value.value.endswith(analysis.tables.images)
    if type(value) is Text and not value.built:
        last = value.parts[-1]
        return "/" not in value.known and isinstance(last, str) and last.endswith(analysis.tables.images)
    return False


def is_scratch(analysis: Analysis, value: Value) -> bool:
    """Recognise a file below the sandbox's own temporary folder, or one in memory."""
    if type(value) is Foreign:
        return value.path in analysis.tables.memory
    if type(value) is Const and isinstance(value.value, str):
        return posixpath.normpath(value.value).startswith(analysis.tables.writable)
    if type(value) is Text and not value.built and isinstance(value.parts[0], str):
        whole = value.known.replace("\0", "x")
        return value.parts[0].startswith(analysis.tables.writable) and ".." not in whole
    return False


def is_mounted(analysis: Analysis, text: str) -> bool:
    """Recognise a path that stays below the mounted datasets."""
    return posixpath.normpath(text).startswith(analysis.tables.roots) and "\0" not in text


def judge_reading(
    analysis: Analysis, node: ast.Call, path: str, arguments: list[Value], keywords: dict[str, Value]
) -> None:
    """Judge a reading function: mounted datasets and text in memory may be read."""
    names = ("filepath_or_buffer", "path_or_buf", "fname", "file", "path", "io")
    given = next((keywords[one] for one in names if one in keywords), arguments[0] if arguments else UNKNOWN)
    for one in each(given):
        if type(one) is Foreign and one.path in analysis.tables.memory:
            continue
        if type(one) is Bag and path in ("numpy.loadtxt", "numpy.genfromtxt"):
            continue
        if path in analysis.tables.scratch and is_scratch(analysis, one):
            analysis.report("library.scratch_file", node, f"{path} reads a temporary file.")
            continue
        if type(one) is Const and isinstance(one.value, str):
            if is_mounted(analysis, one.value):
                continue
            if "://" in one.value:
                analysis.report("library.network", node, f"{path} fetches {one.value!r}.")
            else:
                analysis.report("library.file_read", node, f"{path} reads {one.value!r}, which is no dataset.")
            return
        if type(one) is Text and not one.built and isinstance(one.parts[0], str):
            if is_mounted(analysis, one.known.replace("\0", "x")) and one.parts[0].startswith(analysis.tables.roots):
                analysis.report("library.dataset_path", node, f"{path} reads a dataset by a path put together.")
                continue
        analysis.report("library.file_read", node, f"{path} reads a file that is not known here.")
        return
