"""Hints that a strategy may know the future. Advice only: severity SAFE, no effect on the verdict."""

from __future__ import annotations

import ast
import re

from windtunnel.validation.python.evaluation.analysis import Analysis
from windtunnel.validation.python.evaluation.call import Call
from windtunnel.validation.python.values.lattice import Const

_WHOLE = frozenset({"mean", "std", "max", "min", "median", "quantile"})
_INDEXERS = frozenset({"iloc", "iat", "loc"})


def judge_call(analysis: Analysis, call: Call, name: str) -> None:
    """Look for shifts into the future, centred windows and backward fills."""
    if name == "shift":
        given = (
            call.node.args[0]
            if call.node.args
            else next((k.value for k in call.node.keywords if k.arg == "periods"), None)
        )
        value = analysis.value(given) if given is not None else None
        if isinstance(value, Const) and isinstance(value.value, int | float) and value.value < 0:
            analysis.report("lookahead.negative_shift", call.node, f"shift({value.value}) brings later rows forward.")
        elif isinstance(given, ast.UnaryOp) and isinstance(given.op, ast.USub):
            analysis.report(
                "lookahead.negative_shift", call.node, "shift by a negative number brings later rows forward."
            )
    elif name == "resample":
        _judge_resample(analysis, call)
    elif name in ("bfill", "backfill"):
        analysis.report("lookahead.backfill", call.node, f".{name}() fills with later values.")
    elif call.keywords:
        centre = call.keywords.get("center")
        if isinstance(centre, Const) and centre.value is True and name == "rolling":
            analysis.report("lookahead.centred_window", call.node, "A centred window reaches into the future.")
        method = call.keywords.get("method")
        if name == "fillna" and isinstance(method, Const) and method.value in ("bfill", "backfill"):
            analysis.report("lookahead.backfill", call.node, "fillna(method='bfill') fills with later values.")


def _judge_resample(analysis: Analysis, call: Call) -> None:
    """Look for periods that carry the label of their end: weeks, months, quarters, years, or `label="right"`."""
    rule = call.keywords.get("rule", analysis.value(call.node.args[0]) if call.node.args else None)
    label = call.keywords.get("label")
    if isinstance(label, Const):
        late = label.value == "right"
    else:
        late = isinstance(rule, Const) and isinstance(rule.value, str) and _LATE.fullmatch(rule.value) is not None
    if late:
        analysis.report("lookahead.late_label", call.node, "Each period carries the label of its end.")


_LATE = re.compile(r"\d*(?:W|M|ME|BM|BME|Q|QE|BQ|BQE|A|Y|YE|BA|BY|BYE)(?:-[A-Z]{3})?")


def judge_comparison(analysis: Analysis, node: ast.Compare) -> None:
    """Look for `x > x.mean()`: each bar against a statistic of the whole series."""
    if len(node.comparators) == 1:
        _judge_against(analysis, node, node.left, node.comparators[0])


def _judge_against(analysis: Analysis, node: ast.expr, left: ast.expr, right: ast.expr) -> None:
    if not (isinstance(right, ast.Call) and isinstance(right.func, ast.Attribute) and right.func.attr in _WHOLE):
        return
    if right.args and right.func.attr != "quantile":
        return
    if isinstance(left, ast.Name | ast.Subscript | ast.Attribute) and ast.dump(left) == ast.dump(right.func.value):
        message = f"Sets each bar against the .{right.func.attr}() of the whole series."
        analysis.report("lookahead.whole_series", node, message)


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
    if isinstance(node.op, ast.Sub | ast.Div):
        _judge_against(analysis, node, node.left, node.right)
