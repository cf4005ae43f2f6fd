"""Folds an expression of one free name for each constant that a comprehension runs over."""

from __future__ import annotations

import ast

from windtunnel.validation.python import folding
from windtunnel.validation.python.analysis import Analysis
from windtunnel.validation.python.values import (
    Bag,
    Builtin,
    Const,
    Value,
)


def substitute(analysis: Analysis, node: ast.AST, name: str, value: Value) -> Value | None:
    """Fold an expression of one free name for a given constant; None where it is not of that kind."""
    kind = type(node)
    if kind is ast.Name:
        return value if node.id == name else None  # type: ignore[attr-defined]
    if kind is ast.Constant:
        return Const(node.value)  # type: ignore[attr-defined]
    if kind is ast.BinOp:
        left = substitute(analysis, node.left, name, value)  # type: ignore[attr-defined]
        right = substitute(analysis, node.right, name, value)  # type: ignore[attr-defined]
        return None if left is None or right is None else folding.binary(node.op, left, right)  # type: ignore[attr-defined]
    if kind is ast.Call and not node.keywords:  # type: ignore[attr-defined]
        arguments = [substitute(analysis, one, name, value) for one in node.args]  # type: ignore[attr-defined]
        ready = [one for one in arguments if one is not None]
        if len(ready) != len(arguments):
            return None
        function = node.func  # type: ignore[attr-defined]
        if isinstance(function, ast.Name) and type(analysis.value(function)) is Builtin:
            found = folding.builtin(function.id, ready)
            return found if type(found) in (Const, Bag) else None
        if isinstance(function, ast.Attribute) and function.attr in folding.PURE_METHODS:
            owner = substitute(analysis, function.value, name, value)
            if type(owner) is Const:
                return folding.method(owner.value, function.attr, ready, {})
    if kind is ast.Subscript:
        owner = substitute(analysis, node.value, name, value)  # type: ignore[attr-defined]
        index = substitute(analysis, node.slice, name, value)  # type: ignore[attr-defined]
        if type(owner) is Const and type(index) is Const:
            try:
                return folding.as_value(owner.value[index.value])
            except (LookupError, TypeError):
                return None
    return None
