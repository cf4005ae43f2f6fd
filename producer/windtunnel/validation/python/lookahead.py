"""Hints that a strategy may know the future. Advice only: severity SAFE, no effect on the verdict."""

from __future__ import annotations

import ast

from windtunnel.validation.python.analysis import Analysis
from windtunnel.validation.python.values import Const, Value

_WHOLE = frozenset({"mean", "std", "max", "min", "median", "quantile"})
_INDEXERS = frozenset({"iloc", "iat", "loc"})


def judge_call(analysis: Analysis, node: ast.Call, name: str, keywords: dict[str, Value]) -> None:
    """Look for shifts into the future, centred windows and backward fills."""
    if name == "shift":
        given = node.args[0] if node.args else next((k.value for k in node.keywords if k.arg == "periods"), None)
        value = analysis.value(given) if given is not None else None
        if type(value) is Const and isinstance(value.value, int | float) and value.value < 0:
            analysis.report("lookahead.negative_shift", node, f"shift({value.value}) brings later rows forward.")
        elif isinstance(given, ast.UnaryOp) and isinstance(given.op, ast.USub):
            analysis.report("lookahead.negative_shift", node, "shift by a negative number brings later rows forward.")
    elif name in ("bfill", "backfill"):
        analysis.report("lookahead.backfill", node, f".{name}() fills with later values.")
    elif keywords:
        centre = keywords.get("center")
        if type(centre) is Const and centre.value is True and name == "rolling":
            analysis.report("lookahead.centred_window", node, "A centred window reaches into the future.")
        method = keywords.get("method")
        if name == "fillna" and type(method) is Const and method.value in ("bfill", "backfill"):
            analysis.report("lookahead.backfill", node, "fillna(method='bfill') fills with later values.")


def judge_subscript(analysis: Analysis, node: ast.Subscript) -> None:
    """Look for `x.iloc[i + 1]`."""
    index = node.slice
    if (
        isinstance(index, ast.BinOp)
        and isinstance(index.op, ast.Add)
        and isinstance(index.right, ast.Constant)
        and isinstance(index.left, ast.Name)
        and isinstance(index.right.value, int)
        and isinstance(node.ctx, ast.Load)
        and isinstance(node.value, ast.Attribute)
        and node.value.attr in _INDEXERS
    ):
        analysis.report("lookahead.next_bar", node, f"Reads the bar {index.left.id} + {index.right.value}.")


def judge_scaling(analysis: Analysis, node: ast.BinOp) -> None:
    """Look for `(x - x.mean()) / x.std()`: a statistic of the whole series set against each bar."""
    right = node.right
    if not (isinstance(node.op, ast.Sub | ast.Div) and isinstance(right, ast.Call) and not right.args):
        return
    function = right.func
    if isinstance(function, ast.Attribute) and function.attr in _WHOLE and isinstance(node.op, ast.Sub):
        if isinstance(node.left, ast.Name | ast.Subscript | ast.Attribute):
            if ast.dump(node.left) == ast.dump(function.value):
                message = f"Sets each bar against the .{function.attr}() of the whole series."
                analysis.report("lookahead.whole_series", node, message)
