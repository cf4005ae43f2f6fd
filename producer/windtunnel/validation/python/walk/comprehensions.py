"""Evaluates comprehensions; one that runs over a constant is folded, an element at a time."""

from __future__ import annotations

import ast

from windtunnel.validation.python.evaluation.analysis import Analysis, Evaluator
from windtunnel.validation.python.rules import assignment_targets
from windtunnel.validation.python.values import folding, text_methods
from windtunnel.validation.python.values.lattice import BUILT, Bag, Builtin, Const, Value

MOST_COMPREHENDED = 256
"""Elements of a constant that a comprehension is folded over."""


def comprehension(analysis: Analysis, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Value:
    """Evaluate a comprehension, folding it where it runs over a constant."""
    outer = analysis.scope
    source = analysis.value(node.generators[0].iter)
    analysis.scope = analysis.program.scopes[node]
    try:
        for index, generator in enumerate(node.generators):
            if index:
                analysis.value(generator.iter)
            assignment_targets.judge_target(analysis, generator.target)
            for test in generator.ifs:
                analysis.value(test)
        if isinstance(node, ast.DictComp):
            key, found = analysis.value(node.key), analysis.value(node.value)
            return Bag((found,), keys=(key,))
        found = analysis.value(node.elt)
        if len(node.generators) == 1 and not isinstance(node, ast.SetComp):
            folded = _folded(analysis, node, source)
            if folded is not None:
                return folded
        return Bag((found,))
    finally:
        analysis.scope = outer


def _folded(analysis: Analysis, node: ast.ListComp | ast.GeneratorExp, source: Value) -> Value | None:
    generator = node.generators[0]
    items = folding.known(source)
    if not isinstance(items, list | str | bytes) or len(items) > MOST_COMPREHENDED:
        return None
    if not isinstance(generator.target, ast.Name) or generator.ifs or isinstance(node.elt, ast.Constant):
        return None
    folded = []
    for item in items:
        one = _substituted(analysis, node.elt, generator.target.id, folding.as_value(item))
        if one is None:
            return None
        if one is BUILT:
            return Bag((BUILT,))
        folded.append(one)
    return Bag(tuple(folded), ordered=True)


def _substituted(analysis: Analysis, node: ast.AST, name: str, value: Value) -> Value | None:
    """Fold an expression of one free name for a given constant; None where it is not of that kind."""
    if isinstance(node, ast.Name):
        return value if node.id == name else None
    if isinstance(node, ast.Constant):
        return Const(node.value)
    if isinstance(node, ast.BinOp):
        left = _substituted(analysis, node.left, name, value)
        right = _substituted(analysis, node.right, name, value)
        return None if left is None or right is None else folding.binary(node.op, left, right)
    if isinstance(node, ast.Call) and not node.keywords:
        return _call(analysis, node, name, value)
    if isinstance(node, ast.Subscript):
        owner = _substituted(analysis, node.value, name, value)
        index = _substituted(analysis, node.slice, name, value)
        if isinstance(owner, Const) and isinstance(index, Const):
            try:
                return folding.as_value(owner.value[index.value])
            except (LookupError, TypeError):
                return None
    return None


def _call(analysis: Analysis, node: ast.Call, name: str, value: Value) -> Value | None:
    """Fold a call of a builtin, or of a pure method of a constant."""
    ready = [one for one in (_substituted(analysis, one, name, value) for one in node.args) if one is not None]
    if len(ready) != len(node.args):
        return None
    function = node.func
    if isinstance(function, ast.Name) and isinstance(analysis.value(function), Builtin):
        found = folding.builtin(function.id, ready)
        return found if isinstance(found, Const | Bag) else None
    if isinstance(function, ast.Attribute) and function.attr in text_methods.PURE_METHODS:
        owner = _substituted(analysis, function.value, name, value)
        if isinstance(owner, Const):
            return text_methods.fold(owner.value, function.attr, ready, {})
    return None


EXPRESSIONS: dict[type, Evaluator] = dict.fromkeys(
    (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp), comprehension
)
