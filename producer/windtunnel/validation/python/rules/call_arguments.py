"""Rules about what is passed to a call: what can then not be followed, paths, and objects a library would inspect."""

from __future__ import annotations

import ast

from windtunnel.validation.python.evaluation.analysis import Analysis
from windtunnel.validation.python.evaluation.call import Call
from windtunnel.validation.python.evaluation.parameters import MOST_SITES
from windtunnel.validation.python.rules import escapes, paths, reflection
from windtunnel.validation.python.values.lattice import (
    PYPLOT,
    Bag,
    Builtin,
    Class,
    Const,
    Foreign,
    Func,
    Inst,
    Lib,
    Module,
    Unknown,
    Value,
    each,
    strings,
)

_SINKS = frozenset("print str repr type isinstance issubclass id bool hasattr callable len hash".split())
_HOLDERS = frozenset("list tuple set frozenset dict sorted reversed iter".split())


def judge(analysis: Analysis, call: Call, callee: Value) -> None:
    """Judge all that a call is given, unless the callee only looks at it or is followed with its arguments."""
    callees = each(callee)
    places = (*call.node.args, *(one.value for one in call.node.keywords))
    known = [pair for pair in zip(call.given, places, strict=False) if not isinstance(pair[0], Unknown)]
    if not known or _only_looks(call, callees) or _is_followed(analysis, call, callees):
        return
    for value, place in known:
        if not (_is_canvas(value, callees) or _is_type(value, callees)):
            _judge_given(analysis, place, value, callees)


def _only_looks(call: Call, callees: tuple[Value, ...]) -> bool:
    """Recognise builtins whose arguments stay in sight."""
    names = {one.name if isinstance(one, Builtin) else "" for one in callees}
    return names <= _SINKS | reflection.FUNCTIONS or (not call.keywords and names <= _HOLDERS)


def _is_followed(analysis: Analysis, call: Call, callees: tuple[Value, ...]) -> bool:
    """Say whether a call is one of a function of the program whose parameters are joined from its call sites."""
    function = call.node.func
    name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
    return (
        not call.is_open
        and len(analysis.program.calls.get(name, ())) < MOST_SITES
        and all(map(_has_parameters, callees))
        and any(_defined_as(one) == name for one in callees)
    )


def _defined_as(callee: Value) -> str:
    node = callee.node if isinstance(callee, Func) else callee.scope.node if isinstance(callee, Class) else None
    return getattr(node, "name", "")


def _has_parameters(callee: Value) -> bool:
    """Recognise a function, or a class with a constructor, of the program without `*args` and `**kwargs`."""
    node: ast.AST | None = callee.node if isinstance(callee, Func) else None
    if isinstance(callee, Class) and "__init__" in callee.scope.bindings:
        bound = callee.scope.bindings["__init__"]
        node = bound[0].node if bound[0].kind == "def" else None
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return False
    return node.args.vararg is None and node.args.kwarg is None


def _judge_given(analysis: Analysis, place: ast.AST, value: Value, callees: tuple[Value, ...]) -> None:
    if not isinstance(value, Inst | Foreign):
        inside = next((one for one in strings(value) if "_" in one and analysis.tables.is_critical(one)), None)
        if inside is not None:
            analysis.report("attributes.named", place, f"Passes {inside!r} on, a name of the interpreter's own.")
    if isinstance(value, Const):
        if isinstance(value.value, str) and value.value.startswith(_OUTSIDE) and len(value.value) > MOST_RELATIVE:
            _judge_outside(analysis, place, callees, value.value)
        return
    _judge_filled(analysis, place, value, callees)
    if any(isinstance(one, Lib | Foreign | Unknown) for one in callees):
        _judge_hooked(analysis, place, value)
    escapes.judge(analysis, value, place, "handed to a call")


def _is_type(value: Value, callees: tuple[Value, ...]) -> bool:
    """Recognise `type=Path` of a parser of arguments: what it makes is judged where it is used."""
    return isinstance(value, Lib) and value.path in _PATH_CLASSES and all(
        isinstance(one, Foreign) and one.path.endswith(".add_argument") for one in callees
    )  # fmt: skip


_PATH_CLASSES = ("pathlib.Path", "pathlib.PurePath")


def _is_canvas(value: Value, callees: tuple[Value, ...]) -> bool:
    """Recognise `pyplot` given to a library that draws with it: `stats.probplot(x, plot=plt)`."""
    return isinstance(value, Module) and value.path == PYPLOT and all(
        isinstance(one, Lib) and one.path.startswith(_DRAWING) for one in callees
    )  # fmt: skip


_DRAWING = ("scipy.stats.", "statsmodels.graphics.", "pandas.plotting.")
MOST_RELATIVE = 2
"""Characters of a text that only looks like the begin of a path: "./"."""
_OUTSIDE = ("/", "~", "../", "./", "file:", "http:", "https:", "ftp:", "s3:")


def _judge_outside(analysis: Analysis, place: ast.AST, callees: tuple[Value, ...], text: str) -> None:
    """Judge a path or an address given to a library that is judged by its words alone."""
    if paths.is_mounted(analysis, text) or paths.is_artifact(analysis, Const(text)):
        return  # a name beside the program is judged where it is read or written
    for one in callees:
        if isinstance(one, Lib | Foreign) and one.path.partition(".")[0] in analysis.tables.others:
            analysis.report("library.path_argument", place, f"{text!r} looks like a path or an address.")
            return


def _judge_hooked(analysis: Analysis, place: ast.AST, value: Value, depth: int = 0) -> None:
    """Judge objects handed to a library that answer for every attribute: also for an array's address."""
    for one in each(value):
        if isinstance(one, Bag) and depth < 2:
            for item in one.items[:64]:
                _judge_hooked(analysis, place, item, depth + 1)
        elif isinstance(one, Inst) and not {"__getattr__", "__getattribute__"}.isdisjoint(one.scope.bindings):
            analysis.report("structure.dunder", place, "A library would ask this object for an array's address.")


def _judge_filled(analysis: Analysis, place: ast.AST, value: Value, callees: tuple[Value, ...], depth: int = 0) -> None:
    """Judge objects made into arrays whose attributes were named at run time: one may give an array's address."""
    if not all(isinstance(one, Lib) and one.path.startswith(_ARRAYS) for one in callees):
        return
    for one in each(value):
        if isinstance(one, Bag) and depth < 2:
            for item in one.items[:64]:
                _judge_filled(analysis, place, item, callees, depth + 1)
        elif reflection.is_filled(analysis, one):
            analysis.report("structure.dunder", place, "A library would ask this object for an array's address.")


_ARRAYS = ("numpy.", "pandas.", "polars.", "pyarrow.", "scipy.")
"""Libraries that ask an object for its memory before anything else."""
