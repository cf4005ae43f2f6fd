"""Rules about methods that a library calls by their names: `agg("mean")`, `pivot_table(aggfunc="sum")`.

A string is the name of a method only where a library takes it for one: the policy says at which parameter. There
a name has to be known here; what a library gave, or the program built, is not.
"""

from __future__ import annotations

import ast

from windtunnel.validation.python.evaluation.analysis import Analysis
from windtunnel.validation.python.evaluation.call import Call
from windtunnel.validation.python.values import texts
from windtunnel.validation.python.values.lattice import (
    UNKNOWN,
    Bag,
    Class,
    Const,
    Foreign,
    Inst,
    Lib,
    Text,
    Value,
    each,
    has_built,
    inside,
    strings,
)

_PLAIN = frozenset(
    "axis raw result_type engine engine_kwargs include_groups by_row numeric_only skipna ddof convert_dtype".split()
)
"""Keywords that no method takes for a path."""
_AMBIGUOUS = frozenset({"glob", "inspect", "gc", "save", "load"})


def judge_call(analysis: Analysis, call: Call, name: str) -> None:
    """Judge a call of a method that takes another one by its name."""
    place = analysis.tables.by_name[name]
    if name == "map":
        for one in each(call.arguments[0]) if call.arguments else ():
            if isinstance(one, Const):
                judge_strings(analysis, call.node, one)
        return
    judge_place(analysis, call, place)
    if name in ("agg", "aggregate"):
        for key, value in call.keywords.items():
            if key not in _PLAIN and key != place[0]:
                _judge_column(analysis, call.node, value)
    elif name in ("apply", "transform") and call.arguments and _hands_on(call.arguments[1:], call.keywords):
        for one in each(call.arguments[0]):
            if one is UNKNOWN or texts.may_be_text(one):
                analysis.report(
                    "library.unknown_method", call.node, f".{name} may call a method that is not known here."
                )
                return


def judge_place(analysis: Analysis, call: Call, place: tuple[str, int]) -> None:
    """Judge the argument that names the method, where it is given by its place."""
    keyword, at = place
    if keyword not in analysis.tables.by_name_keywords and keyword in call.keywords:
        judge(analysis, call.node, call.keywords[keyword])
    given = _given(call.node, keyword, at)
    if given is not None and not _is_from_caller(analysis, given):
        for one in each(analysis.value(given)):
            if one is UNKNOWN:
                analysis.report("library.unknown_method", call.node, "Calls a method by a name that is not known here.")
                return
    if at < len(call.arguments) and not any(isinstance(one, ast.Starred) for one in call.node.args[: at + 1]):
        judge(analysis, call.node, call.arguments[at])
    elif call.is_starred:
        for value in call.arguments:
            judge(analysis, call.node, value)


def _given(node: ast.Call, keyword: str, at: int) -> ast.expr | None:
    """Give the argument of agg and its kin, whose value is a name far more often than a function."""
    named = next((one.value for one in node.keywords if one.arg == keyword), None)
    if named is None and at < len(node.args):
        named = node.args[at]
    function = node.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return None if name in ("apply", "transform", "pipe") else named


def _is_from_caller(analysis: Analysis, node: ast.expr) -> bool:
    """Say whether a value comes from whoever calls a function that nothing here calls."""
    if isinstance(node, ast.Name):
        scope = analysis.resolve(node.id)
        bound = scope.bindings.get(node.id, []) if scope is not None else []
    elif isinstance(node, ast.Attribute):
        bound = analysis.program.attributes.get(node.attr, [])
        return bool(bound) and all(
            one.kind == "value" and isinstance(one.node, ast.Name)
            and all(two.kind == "parameter" for two in one.scope.bindings.get(one.node.id, ()))
            for one in bound
        )  # fmt: skip
    else:
        return False
    return bool(bound) and all(one.kind in ("parameter", "def") for one in bound)


def judge(analysis: Analysis, node: ast.AST, value: Value) -> None:
    """Judge what is the name of a method, a list of such, or a table of columns with such."""
    for one in inside(value):
        if isinstance(one, Const):
            judge_strings(analysis, node, one)
        elif isinstance(one, Foreign) and one.path.startswith("sandbox."):
            continue
        elif isinstance(one, Text) or texts.may_be_text(one) or _is_textual_object(analysis, one):
            analysis.report("library.unknown_method", node, "Calls a method by a name that cannot be read.")
            return


def _is_textual_object(analysis: Analysis, value: Value) -> bool:
    """Recognise objects of the program whose class is a text or a container with methods of its own."""
    if not isinstance(value, Inst):
        return False
    scope = value.scope
    bases = [one for base in getattr(scope.node, "bases", ()) for one in each(analysis.value_in(scope, base))]
    return any(not isinstance(one, Class | Lib) for one in bases) or "__iter__" in scope.bindings


def judge_strings(analysis: Analysis, node: ast.AST, value: Value) -> None:
    """Judge all known strings of a value as names of methods."""
    for text in strings(value):
        if _is_bad(analysis, text):
            analysis.report("library.named_method", node, f"Calls the method {text!r} by its name.")
            return
    if has_built(value):
        analysis.report("library.unknown_method", node, "Calls a method by a name that cannot be read.")


def _judge_column(analysis: Analysis, node: ast.AST, value: Value) -> None:
    """Judge `name=(column, method)` and `name=method`."""
    for one in each(value):
        if isinstance(one, Bag) and one.ordered and len(one.items) == 2:
            judge(analysis, node, one.items[1])
        else:
            judge(analysis, node, one)


def _hands_on(arguments: list[Value], keywords: dict[str, Value]) -> bool:
    """Say whether the method called by its name may be given a path."""
    given = [*arguments, *(value for key, value in keywords.items() if key not in _PLAIN)]
    return any(_may_be_path(one) for one in given)


def _may_be_path(value: Value) -> bool:
    return any(
        one is UNKNOWN or isinstance(one, Text) or (isinstance(one, Const) and isinstance(one.value, str))
        for one in inside(value)
    )


def _is_bad(analysis: Analysis, text: str) -> bool:
    rule = analysis.tables.judge_name(text) if text.isidentifier() else ""
    return bool(rule) and rule != "attributes.private" and text not in _AMBIGUOUS
