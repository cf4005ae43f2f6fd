"""Evaluates expressions: one small function a kind of node. What a kind means for the rules is elsewhere."""

from __future__ import annotations

import ast
import re

from windtunnel.validation.python.evaluation.analysis import Analysis, Evaluator
from windtunnel.validation.python.rules import attributes, escapes, names, path_objects
from windtunnel.validation.python.rules.advice import lookahead, resources
from windtunnel.validation.python.values import folding, texts
from windtunnel.validation.python.values.lattice import (
    BUILT,
    OPAQUE,
    UNKNOWN,
    Bag,
    Const,
    Func,
    Unknown,
    Value,
    each,
    has_built,
    join,
    make_text,
)
from windtunnel.validation.python.walk import calls, comprehensions, subscripts

_MEMORY = frozenset({"__array_interface__", "__array_struct__", "__dlpack__", "__buffer__", "__arrow_c_stream__"})
_WALK = re.compile(r"\{[^{}]*[.\[]_*__\w+__")


def constant(analysis: Analysis, node: ast.Constant) -> Value:
    """Evaluate a literal."""
    value = node.value
    if type(value) is str and "__" in value and "{" in value and _WALK.search(value):
        analysis.report("attributes.format_walk", node, "A template that reads the inside of the interpreter.")
    if type(value) is str and value in _MEMORY:
        analysis.report("attributes.named", node, f"{value!r} gives a library the address of memory.")
    return folding.as_value(value) if type(value) is int else Const(value)


def sequence(analysis: Analysis, node: ast.Tuple | ast.List | ast.Set) -> Value:
    """Evaluate a list, tuple or set written out."""
    items = []
    ordered = not isinstance(node, ast.Set)
    for one in node.elts:
        item = analysis.value(one)
        if isinstance(one, ast.Starred):
            ordered = False
        items.append(item)
    return Bag(tuple(items), ordered)


def dictionary(analysis: Analysis, node: ast.Dict) -> Value:
    """Evaluate a dictionary written out."""
    keys = [analysis.value(key) for key in node.keys if key is not None]
    values = []
    for key, one in zip(node.keys, node.values, strict=True):
        found = analysis.value(one)
        values.append(folding.element(found, "iter") if key is None else found)
    return Bag(tuple(values), ordered=False, keys=tuple(keys))


def binary(analysis: Analysis, node: ast.BinOp) -> Value:
    """Evaluate an operation on two values."""
    if isinstance(node.op, ast.Add) and (isinstance(node.right, ast.List) or isinstance(node.left, ast.List)):
        left, right = _passed_on(analysis, node.left), _passed_on(analysis, node.right)
    else:
        left, right = analysis.value(node.left), analysis.value(node.right)
    lookahead.judge_scaling(analysis, node)
    resources.judge_binary(analysis, node, left, right)
    if isinstance(left, Unknown) and isinstance(right, Unknown) and OPAQUE not in (left, right):
        return UNKNOWN
    lefts, rights = each(left), each(right)
    if len(lefts) * len(rights) > 16:
        if has_built(left) or has_built(right):
            return BUILT
        lefts = lefts if len(lefts) <= 8 else (UNKNOWN if not any(map(texts.is_textual, lefts)) else BUILT,)
        rights = rights if len(rights) <= 8 else (UNKNOWN if not any(map(texts.is_textual, rights)) else BUILT,)
    found = join([folding.binary(node.op, one, two) for one in lefts for two in rights])
    return path_objects.made(analysis, node, found) if isinstance(node.op, ast.Div) else found


def unary(analysis: Analysis, node: ast.UnaryOp) -> Value:
    """Evaluate a sign, `~` or `not`."""
    found = analysis.value(node.operand)
    if isinstance(found, Const) and isinstance(found.value, int | float):
        if isinstance(node.op, ast.USub):
            return Const(-found.value)
        if isinstance(node.op, ast.Invert) and isinstance(found.value, int):
            return Const(~found.value)
        if isinstance(node.op, ast.Not):
            return Const(not found.value)
    return UNKNOWN


def boolean(analysis: Analysis, node: ast.BoolOp) -> Value:
    """Evaluate `and` and `or`: any of the operands."""
    return join([_passed_on(analysis, one) for one in node.values])


def _passed_on(analysis: Analysis, node: ast.expr) -> Value:
    """Evaluate an operand that becomes the result as it is: of a variable that is being evaluated, what is known."""
    if isinstance(node, ast.Name):
        scope = analysis.resolve(node.id)
        running = analysis.partial.get((scope, node.id)) if scope is not None else None
        if running:
            return join(list(running))
    return analysis.value(node)


def compare(analysis: Analysis, node: ast.Compare) -> Value:
    """Evaluate a comparison."""
    if names.harmless_namespace_test(node):
        analysis.report("builtins.namespace_test", node, "Tests for a name in a table of names.")
        return UNKNOWN
    lookahead.judge_comparison(analysis, node)
    operands = (node.left, *node.comparators)
    only_compared = {"__class__", "__dict__"} if all(map(_is_table, operands)) else {"__class__"}
    for one in operands:
        if isinstance(one, ast.Attribute) and one.attr in only_compared:
            analysis.value(one.value)
        else:
            analysis.value(one)
    return UNKNOWN


def _is_table(node: ast.expr) -> bool:
    """Recognise a table of attributes; two of them are only compared: `self.__dict__ == other.__dict__`."""
    return isinstance(node, ast.Attribute) and node.attr == "__dict__"


def choice(analysis: Analysis, node: ast.IfExp) -> Value:
    """Evaluate `a if test else b`."""
    analysis.value(node.test)
    return join([_passed_on(analysis, node.body), _passed_on(analysis, node.orelse)])


def formatted(analysis: Analysis, node: ast.JoinedStr) -> Value:
    """Evaluate an f-string."""
    parts: list[str | bool | None] = []
    for one in node.values:
        if isinstance(one, ast.Constant):
            parts.append(str(one.value))
            continue
        if isinstance(one, ast.FormattedValue):
            found = analysis.value(one.value)
            if one.format_spec is not None:
                parts.extend(texts.as_formatted(found, analysis.value(one.format_spec)))
            else:
                parts.extend(texts.pieces(found))
    if all(isinstance(part, str) for part in parts):
        return Const("".join(part for part in parts if isinstance(part, str)))
    return make_text(parts)


def function(analysis: Analysis, node: ast.Lambda) -> Value:
    """Evaluate a lambda, its body in a scope of its own."""
    scope = analysis.program.scopes[node]
    for default in (*node.args.defaults, *node.args.kw_defaults):
        if default is not None:
            escapes.judge(analysis, analysis.value(default), default, "a parameter's default")
    outer, analysis.scope = analysis.scope, scope
    found = analysis.value(node.body)
    escapes.judge(analysis, found, node.body, "returned by a lambda")
    analysis.scope = outer
    return Func(node, scope)


def walrus(analysis: Analysis, node: ast.NamedExpr) -> Value:
    """Evaluate `name := value`."""
    return analysis.value(node.value)


def starred(analysis: Analysis, node: ast.Starred) -> Value:
    """Evaluate `*x`: any of its elements."""
    return folding.element(analysis.value(node.value), "iter")


def awaited(analysis: Analysis, node: ast.Await) -> Value:
    """Evaluate `await x`."""
    return analysis.value(node.value)


def yielded(analysis: Analysis, node: ast.Yield | ast.YieldFrom) -> Value:
    """Evaluate `yield`."""
    if node.value is not None:
        escapes.judge(analysis, analysis.value(node.value), node, "yielded")
    return UNKNOWN


def formatted_value(analysis: Analysis, node: ast.FormattedValue) -> Value:
    """Evaluate one hole of an f-string that stands alone."""
    return analysis.value(node.value)


EXPRESSIONS: dict[type, Evaluator] = {
    ast.Constant: constant, ast.Name: names.name, ast.Attribute: attributes.attribute, ast.Call: calls.call,
    ast.Tuple: sequence, ast.List: sequence, ast.Set: sequence, ast.Dict: dictionary, ast.BinOp: binary,
    ast.UnaryOp: unary, ast.BoolOp: boolean, ast.Compare: compare, ast.IfExp: choice,
    ast.JoinedStr: formatted, **subscripts.EXPRESSIONS, **comprehensions.EXPRESSIONS, ast.Lambda: function,
    ast.NamedExpr: walrus, ast.Starred: starred, ast.Await: awaited, ast.Yield: yielded, ast.YieldFrom: yielded,
    ast.FormattedValue: formatted_value,
}  # fmt: skip
