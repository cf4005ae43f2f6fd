"""Rules about keywords, given to any call of a library: paths, back ends, formulas, names of methods."""

from __future__ import annotations

import ast

from windtunnel.validation.python.evaluation.analysis import Analysis
from windtunnel.validation.python.evaluation.call import SPREAD, Call
from windtunnel.validation.python.rules import paths, reflection
from windtunnel.validation.python.rules.library import formulas, named_methods, settings
from windtunnel.validation.python.values.lattice import (
    UNKNOWN,
    Bag,
    Class,
    Const,
    Foreign,
    Func,
    Lib,
    Value,
    each,
    has_built,
    strings,
)


def judge(analysis: Analysis, call: Call, callee: Value | None = None) -> None:
    """Judge the keywords of a call; `callee` is the library's class that an own one inherits from."""
    called = callee or analysis.memo.get(call.node.func, UNKNOWN)
    own = all(isinstance(one, Func | Class) for one in each(called))
    for name, value in call.keywords.items():
        if name == "usetex":
            settings.judge_setting(analysis, call.node, name)
        elif name in _OBJECT_HOOKS and _fills(analysis, value):
            said = f"{name}= names attributes by a text that is not seen here."
            analysis.report("structure.dunder", call.node, said)
        elif name == "allow_pickle" and not (isinstance(value, Const) and not value.value):
            said = "allow_pickle=True unpickles what it reads, which runs code."
            analysis.report("library.pickle", call.node, said)
        elif not own:
            _judge_keyword(analysis, call, name, value, called)


def _judge_keyword(analysis: Analysis, call: Call, name: str, value: Value, called: Value) -> None:
    """Judge one keyword given to what is not a function of the program."""
    tables = analysis.tables
    if name in tables.by_name_keywords:
        named_methods.judge(analysis, call.node, value)
    elif name in tables.chosen_keywords:
        named_methods.judge_strings(analysis, call.node, value)
    elif name in ("backend", "engine"):
        settings.judge_option(analysis, call.node, value, name)
    elif name == "filename" and _is_log(analysis, call.node, value):
        paths.judge_writing(analysis, call.node, "basicConfig", value)
    elif name in tables.path_keywords or name.endswith(_PATHS):
        _judge_path(analysis, call.node, name, value)
    elif name in _TEXTUAL_DOORS:
        _judge_door(analysis, call.node, name, value)
    elif name.endswith("formula"):
        for text in strings(value):
            formulas.judge_expression(analysis, call.node, Const(text), f"{name}=")
    elif name == SPREAD:
        _judge_spread(analysis, call, value, called)


def _judge_path(analysis: Analysis, node: ast.Call, name: str, value: Value) -> None:
    if isinstance(value, Const) and not isinstance(value.value, str):
        return
    if isinstance(value, Foreign) and value.path in analysis.tables.memory:
        return
    if not _is_judged_path(analysis, node, name):
        analysis.report("library.path_argument", node, f"{name}= gives the library a path.")


def _is_log(analysis: Analysis, node: ast.Call, value: Value) -> bool:
    """Recognise a log file of the program's own among its artifacts."""
    path = getattr(analysis.memo.get(node.func), "path", "")
    return path == "logging.basicConfig" and all(paths.is_artifact(analysis, one) for one in each(value))


def _is_judged_path(analysis: Analysis, node: ast.Call, keyword: str) -> bool:
    """Say whether the path is judged with the function that reads it, or the method that writes to it."""
    callee = analysis.memo.get(node.func)
    if isinstance(callee, Lib) and callee.path.rpartition(".")[2] in analysis.tables.reading:
        return keyword in paths.READ and not callee.path.startswith("json.")
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    place = analysis.tables.path_argument.get(name)
    return place is not None and place[0] == keyword


_PATHS = ("_filename", "_filepath", "_file_path")
_OBJECT_HOOKS = frozenset({"object_hook", "object_pairs_hook"})


def _fills(analysis: Analysis, value: Value) -> bool:
    """Say whether a function makes objects with attributes of any name."""
    for one in each(value):
        made = analysis.returned(one) if isinstance(one, Func) else one
        if isinstance(made, Lib) and made.path == "types.SimpleNamespace":
            return True
        if any(reflection.is_filled(analysis, part) for part in each(made)):
            return True
    return False


_TEXTUAL_DOORS = frozenset({"boundscheck", "memory", "format", "refcheck", "rc", "input"})


def _judge_door(analysis: Analysis, node: ast.Call, name: str, value: Value) -> None:
    """Judge keywords that are dangerous with some of their values only."""
    if name == "memory":
        if any(not isinstance(one, Const) or isinstance(one.value, str) for one in each(value)):
            analysis.report("library.path_argument", node, "memory= makes the library pickle to and from a folder.")
    elif name == "format":
        if "pgf" in strings(value) or "raw" in strings(value):
            analysis.report("library.backend", node, "This format starts a program or writes raw bytes.")
    elif name in ("refcheck", "boundscheck"):
        if not (isinstance(value, Const) and value.value):
            analysis.report("library.memory_unsafe", node, f"{name}=False reads or leaves memory outside an array.")
    elif name == "input":
        if "filename" in strings(value) or has_built(value):
            analysis.report("library.path_argument", node, "input='filename' makes the library read files.")
    elif name == "rc":
        settings.judge_settings(analysis, node, value)


SPREAD_DOORS = frozenset({"logging.basicConfig", "argparse.ArgumentParser", "logging.StreamHandler"})


def _judge_spread(analysis: Analysis, call: Call, value: Value, called: Value) -> None:
    """Judge `**options`: what is known of it as keywords, and that none was built to be unreadable."""
    path = getattr(called, "path", "")
    for one in each(value):
        if isinstance(one, Bag) and not one.ordered and len(one.keys) == len(one.items) and one.keys:
            for key, item in zip(one.keys, one.items, strict=True):
                named = {text: item for text in strings(key) if text != SPREAD}
                judge(analysis, Call(call.node, [], named), called)
                if path and has_built(key):
                    analysis.report("library.path_argument", call.node, "An option whose name cannot be read.")
                    return
        elif path in SPREAD_DOORS or path.endswith("Vectorizer") or (path and has_built(one)):
            said = f"{path or 'A call'} gets options that cannot be read."
            analysis.report("library.path_argument", call.node, said)
            return
