"""Folds an expression of one free name for each constant that a comprehension runs over."""

from __future__ import annotations

import ast

from windtunnel.validation.python.evaluation.analysis import Analysis
from windtunnel.validation.python.values import folding, text_methods
from windtunnel.validation.python.values.lattice import (
    Bag,
    Builtin,
    Const,
    Value,
)


def substitute(analysis: Analysis, node: ast.AST, name: str, value: Value) -> Value | None:
    """Fold an expression of one free name for a given constant; None where it is not of that kind."""
    if isinstance(node, ast.Name):
        return value if node.id == name else None
    if isinstance(node, ast.Constant):
        return Const(node.value)
    if isinstance(node, ast.BinOp):
        left = substitute(analysis, node.left, name, value)
        right = substitute(analysis, node.right, name, value)
        return None if left is None or right is None else folding.binary(node.op, left, right)
    if isinstance(node, ast.Call) and not node.keywords:
        return _call(analysis, node, name, value)
    if isinstance(node, ast.Subscript):
        owner = substitute(analysis, node.value, name, value)
        index = substitute(analysis, node.slice, name, value)
        if isinstance(owner, Const) and isinstance(index, Const):
            try:
                return folding.as_value(owner.value[index.value])
            except (LookupError, TypeError):
                return None
    return None


def _call(analysis: Analysis, node: ast.Call, name: str, value: Value) -> Value | None:
    """Fold a call of a builtin, or of a pure method of a constant."""
    ready = [one for one in (substitute(analysis, one, name, value) for one in node.args) if one is not None]
    if len(ready) != len(node.args):
        return None
    function = node.func
    if isinstance(function, ast.Name) and isinstance(analysis.value(function), Builtin):
        found = folding.builtin(function.id, ready)
        return found if isinstance(found, Const | Bag) else None
    if isinstance(function, ast.Attribute) and function.attr in text_methods.PURE_METHODS:
        owner = substitute(analysis, function.value, name, value)
        if isinstance(owner, Const):
            return text_methods.fold(owner.value, function.attr, ready, {})
    return None
