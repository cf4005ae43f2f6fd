"""Descriptors of the program: their methods are called by the interpreter alone, with objects of its own classes."""

from __future__ import annotations

import ast

from windtunnel.validation.python.evaluation import ownership
from windtunnel.validation.python.evaluation.analysis import Analysis
from windtunnel.validation.python.program.model import Binding
from windtunnel.validation.python.values.lattice import Text, Value, each, has_built

_DESCRIBES = frozenset({"__get__", "__set__", "__delete__"})


def is_given(analysis: Analysis, node: ast.expr) -> bool:
    """Recognise the object that a descriptor's method is given, where nothing in the program calls such a method."""
    program, scope = analysis.program, analysis.scope
    function = scope.node
    if not (isinstance(function, ast.FunctionDef) and function.name in _DESCRIBES and scope.owner is not None):
        return False
    if not (isinstance(node, ast.Name) and len(function.args.args) > 1 and node.id == function.args.args[1].arg):
        return False
    called = any(program.reads.get(one) for one in (*_DESCRIBES, "__set_name__"))
    return len(scope.bindings.get(node.id, ())) == 1 and not called


def is_own_given(analysis: Analysis, node: ast.expr) -> bool:
    """The same in a program whose classes inherit nothing of a library."""
    classes = [scope for scope in analysis.program.scopes.values() if scope.kind == "class"]
    return is_given(analysis, node) and not any(ownership.has_foreign_base(analysis, one) for one in classes)


def names_itself(analysis: Analysis, node: ast.Call, name: Value) -> bool:
    """Recognise a descriptor that reads or sets the attribute that it was named by its class.

    The name is one that the class body binds, after a known beginning.
    """
    program, scope = analysis.program, analysis.scope
    given, chosen = node.args[0], node.args[1]
    if not is_given(analysis, given) or has_built(name):
        return False
    if any(one.scope.owner is not scope.owner or _method(one) not in _DESCRIBES for one in program.wild):
        return False
    if not (isinstance(chosen, ast.Attribute) and isinstance(chosen.value, ast.Name)):
        return False
    begins = [str(one.parts[0]) for one in each(name) if isinstance(one, Text)]
    if chosen.attr.startswith("_") or not begins or not all(one.startswith("_") for one in begins):
        return False
    if not (isinstance(scope.node, ast.FunctionDef) and chosen.value.id == scope.node.args.args[0].arg):
        return False
    if any(one.endswith("__") and not one.startswith("__") for one in program.attributes):
        return False
    bound = program.attributes.get(chosen.attr, [])
    return bool(bound) and all(one.scope.owner is scope.owner and _method(one) == "__set_name__" for one in bound)


def _method(binding: Binding) -> str:
    return getattr(binding.scope.node, "name", "")
