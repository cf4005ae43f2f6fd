"""Rules about bare names: builtins judged wherever they are read, and what a name evaluates to."""

from __future__ import annotations

import ast
import builtins

from windtunnel.validation.python.evaluation.analysis import Analysis
from windtunnel.validation.python.rules import imports
from windtunnel.validation.python.values.lattice import UNKNOWN, Builtin, Const, Danger, Foreign, Value, join

BUILTINS = frozenset(
    name
    for name, value in vars(builtins).items()
    if name.startswith("__") or (name != "_" and getattr(value, "__module__", "builtins") in ("builtins", "io", "_io"))
)
"""The language's own: what a notebook, gettext or `site` adds in this process must not change a verdict."""
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
_INTERPRETERS = frozenset({"__builtins__", "__import__", "__build_class__", "__loader__", "__spec__"})
GIVEN = frozenset({"data", "params", "emit"})
"""What the sandbox gives a program."""
PROGRAM = "strategy.py"
"""What the sandbox calls a program, by a path beside its artifacts."""
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
    if text in GIVEN:
        return Foreign(f"sandbox.{text}")
    if analysis.stars and not text.startswith("__"):
        return _starred(analysis, node)
    if text.startswith("__") and text.endswith("__") and text not in analysis.tables.globals:
        if text == "__class__" and _in_method(analysis):
            analysis.report("attributes.dunder", node, "__class__ gives the class object itself.")
            return UNKNOWN
        rule = "attributes.interpreter" if text in analysis.tables.interpreter else "attributes.dunder"
        if text == "__file__":
            return Const(PROGRAM)
        if text == "__package__":
            analysis.report("attributes.private_object", node, f"{text} belongs to the interpreter.")
            return UNKNOWN
        analysis.report(rule, node, f"{text} belongs to the interpreter.")
        return Danger(text, node.lineno)
    if text == "__annotations__" and node not in analysis.program.readonly:
        analysis.report("structure.annotation", node, "__annotations__ may be changed here, and is code for others.")
    if text == "__name__":
        return Const("__main__")
    if text in analysis.tables.modules:
        analysis.report("imports.dangerous", node, f"{text} is used, though nothing here imports it.")
    return UNKNOWN


def _starred(analysis: Analysis, node: ast.Name) -> Value:
    """Evaluate a name that only a star import can have bound."""
    for path in analysis.stars:
        if node.id in analysis.tables.surface.get(path, ()):
            return imports.member(analysis, path, node.id, node)
    return imports.member(analysis, analysis.stars[-1], node.id, node)


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
    program = analysis.program
    if rule is None or (text == "vars" and (node in program.readonly or node in program.filling)):
        return Builtin(text)
    analysis.report(rule, node, f"{text} {_SAID.get(rule, 'is not allowed')}.")
    if rule in ("builtins.listing", "builtins.exit"):
        return Builtin(text)
    return Danger(text, node.lineno)


def harmless_namespace_test(node: ast.Compare) -> bool:
    """Recognise `'name' in globals()` and the like, which only asks."""
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


def judge_bindings(analysis: Analysis) -> None:
    """Report names of the interpreter that the program binds itself."""
    for scope in analysis.program.scopes.values():
        for text in _INTERPRETERS & scope.bindings.keys():
            node = scope.bindings[text][0].node
            analysis.report("builtins.namespace", node, f"{text} is the interpreter's own; the program binds it.")
