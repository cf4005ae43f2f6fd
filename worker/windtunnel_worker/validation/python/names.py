"""Rules about bare names: builtins judged wherever they are read, and what a name evaluates to."""

from __future__ import annotations

import ast

from windtunnel_worker.validation.python import surface
from windtunnel_worker.validation.python.analysis import BUILTINS, Analysis
from windtunnel_worker.validation.python.values import UNKNOWN, Builtin, Class, Const, Danger, Value, join

_SAID = {
    "builtins.execution": "runs text or code as a program",
    "builtins.files": "opens files",
    "builtins.terminal": "waits for a person",
    "builtins.namespace": "gives the interpreter's own tables of names",
    "builtins.memory": "gives raw memory",
    "builtins.site": "belongs to the interactive interpreter",
    "builtins.listing": "lists names for use as text",
    "builtins.exit": "ends the interpreter",
}
_CONSTANTS = {"True": True, "False": False, "None": None, "__debug__": True}


def name(analysis: Analysis, node: ast.Name) -> Value:
    """Evaluate a name that is read."""
    text = node.id
    scope = analysis.resolve(text)
    if scope is not None:
        found = analysis.variable(scope, text)
        if not analysis.surely_bound(scope, text):
            return join([found, _builtin(analysis, node)])
        return found
    if text in BUILTINS or text in analysis.tables.builtins:
        return _builtin(analysis, node)
    for path in analysis.stars:
        if text in analysis.tables.surface.get(path, ()) or analysis.tables.judge_name(text):
            return surface.member(analysis, path, text, node)
    if text.startswith("__") and text.endswith("__") and text not in analysis.tables.globals:
        if text == "__class__" and _in_method(analysis):
            analysis.report("attributes.dunder", node, "__class__ gives the class object itself.")
            return UNKNOWN
        rule = "attributes.interpreter" if text in analysis.tables.interpreter else "attributes.dunder"
        if text in ("__file__", "__package__"):
            analysis.report("attributes.private_object", node, f"{text} belongs to the interpreter.")
            return UNKNOWN
        analysis.report(rule, node, f"{text} belongs to the interpreter.")
        return Danger(text, node.lineno)
    if text == "__name__":
        return Const("__main__")
    return UNKNOWN


def _in_method(analysis: Analysis) -> bool:
    scope = analysis.scope
    while scope.parent is not None and scope.kind == "comprehension":
        scope = scope.parent
    return scope.owner is not None


def _builtin(analysis: Analysis, node: ast.Name) -> Value:
    text = node.id
    if text in _CONSTANTS:
        return Const(_CONSTANTS[text])
    rule = analysis.tables.builtins.get(text)
    if rule is None:
        return Builtin(text)
    analysis.report(rule, node, f"{text} {_SAID.get(rule, 'is not allowed')}.")
    if rule in ("builtins.listing", "builtins.exit"):
        return Builtin(text)
    return Danger(text, node.lineno)


def harmless_namespace_test(node: ast.Compare) -> bool:
    """True for `'name' in globals()` and the like, which only asks."""
    call = node.comparators[0] if len(node.comparators) == 1 else None
    return (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in ("globals", "locals", "dir", "vars")
        and not call.args
        and not call.keywords
        and isinstance(node.ops[0], ast.In | ast.NotIn)
        and isinstance(node.left, ast.Constant)
    )


def class_of(value: Value) -> Class | None:
    """Give the program's own class that a value is, or None."""
    return value if type(value) is Class else None
