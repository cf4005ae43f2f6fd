"""Rules about settings of libraries: options, back ends, styles and `rcParams`."""

from __future__ import annotations

import ast

from windtunnel.validation.python.evaluation.analysis import Analysis
from windtunnel.validation.python.evaluation.call import Call
from windtunnel.validation.python.values import texts
from windtunnel.validation.python.values.lattice import UNKNOWN, Bag, Const, Lib, Value, each, has_built, strings

CONTEXTS = ("matplotlib.rc_context", "matplotlib.pyplot.rc_context")
STYLERS = ("pandas.plotting.register", "matplotlib.style.use", "matplotlib.style.context")
OPTION_FUNCTIONS = frozenset(
    """pandas.set_option pandas.option_context matplotlib.use matplotlib.pyplot.switch_backend matplotlib.rc
    matplotlib.pyplot.rc pandas.options""".split()
)
_SETTINGS = ("backend", "usetex", "texsystem", "_path", "convert_args")
STYLES = frozenset({"matplotlib.style.library", "matplotlib.style.core.library"})
"""The table of styles by their names."""


def judge_settings(analysis: Analysis, node: ast.AST, value: Value) -> None:
    """Judge a table of settings: all its keys have to be known."""
    for one in each(value):
        if isinstance(one, Const):
            continue
        if not isinstance(one, Bag) or any(not isinstance(key, Const) for item in one.keys for key in each(item)):
            analysis.report("library.backend", node, "Settings whose names cannot be read here.")
            return
        for text in strings(one):
            judge_setting(analysis, node, text)


def judge_setting(analysis: Analysis, node: ast.AST, key: str) -> None:
    """Judge the name of a setting of a library: some load a module or start a program."""
    if any(word in key for word in _SETTINGS) and len(key) < 64:
        analysis.report("library.backend", node, f"The setting {key!r} loads a module or starts a program.")


def judge_method(analysis: Analysis, call: Call, path: str, name: str) -> None:
    """Judge a method that changes a table of settings or styles."""
    if path in STYLES and name in ("update", "setdefault", "__setitem__"):
        analysis.report("structure.patch", call.node, "Adds a style: its settings are not seen where it is used.")
    if not path.endswith("rcParams"):
        return
    if name == "update":
        for table in (*call.arguments, *call.spread):
            judge_settings(analysis, call.node, table)
    elif name in ("setdefault", "__setitem__") and call.arguments:
        key = call.arguments[0]
        if isinstance(key, Const):
            judge_setting(analysis, call.node, str(key.value))
        else:
            judge_settings(analysis, call.node, UNKNOWN)


def judge_item(analysis: Analysis, target: ast.Subscript) -> None:
    """Judge `rcParams[name] = value`, and a style that is added to the table of styles."""
    owner = analysis.value(target.value)
    if isinstance(owner, Lib) and owner.path in STYLES:
        analysis.report("structure.patch", target, "Adds a style: its settings are not seen where it is used.")
    elif isinstance(owner, Lib) and not isinstance(target.slice, ast.Slice):
        for key in each(analysis.value(target.slice)):
            if isinstance(key, Const):
                judge_setting(analysis, target, str(key.value))
            elif owner.path.endswith("rcParams"):
                judge_setting(analysis, target, "an unknown _path or backend")


def judge_option(analysis: Analysis, node: ast.AST, value: Value, name: str) -> None:
    """Judge the value of an option that names a module: a back end, an engine."""
    for one in each(value):
        if isinstance(one, Const):
            text = one.value
            if not isinstance(text, str) or text in analysis.tables.option_values or text.lower() == "agg":
                continue
        elif not texts.may_be_text(one):
            continue
        analysis.report("library.backend", node, f"{name}= names a module that would be imported.")
        return


def judge_options(analysis: Analysis, call: Call, path: str) -> None:
    """Judge a function that sets options: pairs of a name and a value, or a back end."""
    if path in ("matplotlib.use", "matplotlib.pyplot.switch_backend"):
        given = call.arguments[0] if call.arguments else UNKNOWN
        if any(not isinstance(one, Const) for one in each(given)):
            analysis.report("library.backend", call.node, f"{path} loads a back end that is not known here.")
        judge_option(analysis, call.node, given, "the back end")
        return
    if any(map(has_built, call.arguments)):
        analysis.report("library.backend", call.node, f"{path} sets an option that cannot be read.")
        return
    for option, value in zip(call.arguments[::2], call.arguments[1::2], strict=False):
        for text in strings(option):
            if any(word in text for word in analysis.tables.option_words):
                judge_option(analysis, call.node, value, f"the option {text}")


def judge_context(analysis: Analysis, call: Call, path: str) -> None:
    """Judge `rc_context(table, file)`."""
    for value in call.arguments[:1]:
        judge_settings(analysis, call.node, value)
    if any(not isinstance(one, Const) or one.value is not None for value in call.arguments[1:] for one in each(value)):
        analysis.report("library.file_read", call.node, f"{path} reads settings from a file.")


def judge_style(analysis: Analysis, call: Call, path: str) -> None:
    """Judge a function that takes styles: names of known ones, or tables of settings."""
    for value in call.arguments:
        if isinstance(value, Bag) and value.keys:
            judge_settings(analysis, call.node, value)
            continue
        if not isinstance(value, Const) and (has_built(value) or not list(strings(value))):
            analysis.report("library.file_read", call.node, f"{path}: a style that is not known here may be a file.")
        for text in strings(value):
            if "/" in text or "\\" in text or "." in text or ":" in text:
                analysis.report("library.file_read", call.node, f"{path} reads a style from a file.")
