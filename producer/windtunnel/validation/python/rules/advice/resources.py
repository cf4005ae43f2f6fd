"""Rules about what a program will use: time, memory, stack. Never a rejection: limits are the sandbox's."""

from __future__ import annotations

import ast
import re

from windtunnel.contract import SecurityLevel
from windtunnel.validation.python.evaluation.analysis import Analysis
from windtunnel.validation.python.evaluation.call import Call
from windtunnel.validation.python.program import control_flow
from windtunnel.validation.python.values.lattice import Bag, Const, Lib, Value

HUGE_STEPS = 1_000_000_000
HUGE_ITEMS = 500_000_000
HUGE_BITS = 5_000_000
_NESTED = re.compile(r"\((?:[^()\\]|\\.)*[+*}](?:[^()\\]|\\.)*\)\??[+*{]")
_ALTERNATES = re.compile(r"\(\??:?(\\?\w)\|\1[^)]*\)[+*]|\((?:\?:)?\.\*[^)]*\)[+*]")
_MAKERS = frozenset("zeros ones empty full arange eye identity random rand randn linspace standard_normal".split())
_ENDLESS = frozenset({"itertools.count", "itertools.cycle", "itertools.repeat"})


def warn(analysis: Analysis, rule: str, node: ast.AST, message: str) -> None:
    """Report, one step lower for code that is never reached."""
    if analysis.unreached:
        analysis.report(rule, node, f"{message} This code is never reached.", severity=SecurityLevel.LOW)
    else:
        analysis.report(rule, node, message)


def _number(value: Value) -> float | int | None:
    if isinstance(value, Const) and isinstance(value.value, int | float) and not isinstance(value.value, bool):
        return value.value
    return None


def judge_binary(analysis: Analysis, node: ast.BinOp, left: Value, right: Value) -> None:
    """Look for huge powers, shifts and repetitions."""
    op = type(node.op)
    if op is ast.Pow:
        base, power = _number(left), _number(right)
        nested = isinstance(node.right, ast.BinOp) and isinstance(node.right.op, ast.Pow)
        if isinstance(base, int) and isinstance(power, int) and power > 0 and abs(base) > 1:
            if power * base.bit_length() > HUGE_BITS:
                warn(analysis, "resources.huge_number", node, "A power with millions of digits.")
        elif nested and isinstance(base, int) and abs(base) > 1:
            warn(analysis, "resources.huge_number", node, "A tower of powers.")
    elif op is ast.LShift:
        power = _number(right)
        if isinstance(power, int) and power > HUGE_BITS:
            warn(analysis, "resources.huge_number", node, "A shift by millions of bits.")
    elif op is ast.Mult:
        for one, other in ((left, right), (right, left)):
            times = _number(other)
            textual = isinstance(one, Bag) or (isinstance(one, Const) and isinstance(one.value, str | bytes))
            if textual and times is not None and times > HUGE_ITEMS / 10:
                warn(analysis, "resources.huge_allocation", node, f"Repeats a sequence {times:,} times.")


def judge_builtin(analysis: Analysis, call: Call, name: str) -> None:
    """Look for absurd ranges and buffers."""
    if name == "range":
        numbers = [_number(one) for one in call.arguments]
        if numbers and max((abs(one) for one in numbers if one is not None), default=0) >= HUGE_STEPS:
            warn(analysis, "resources.huge_range", call.node, "A range of a billion steps or more.")
    elif name in ("bytearray", "bytes") and call.arguments:
        size = _number(call.arguments[0])
        if size is not None and size >= HUGE_ITEMS:
            warn(analysis, "resources.huge_allocation", call.node, f"Allocates {size:,} bytes.")
    elif name in ("list", "tuple", "set", "sum", "max", "min", "sorted") and call.node.args:
        inner = call.node.args[0]
        if isinstance(inner, ast.Call) and analysis.value(inner.func) is not None:
            callee = analysis.value(inner.func)
            if isinstance(callee, Lib) and callee.path in ("itertools.count", "itertools.cycle"):
                warn(analysis, "resources.endless_loop", call.node, f"{name}() of an endless iterator.")


def judge_function(analysis: Analysis, call: Call, path: str) -> None:
    """Look for huge arrays and catastrophic patterns."""
    name = path.rpartition(".")[2]
    if path.startswith("re.") and call.arguments:
        pattern = call.arguments[0]
        if isinstance(pattern, Const) and isinstance(pattern.value, str) and len(pattern.value) < 2000:
            if _NESTED.search(pattern.value) or _ALTERNATES.search(pattern.value):
                warn(analysis, "resources.regex", call.node, "The pattern repeats a repetition: time may explode.")
    elif path.startswith("numpy") and name in _MAKERS and call.arguments:
        size = 1.0
        items = (
            call.arguments[0].items
            if type(call.arguments[0]) is Bag
            else tuple(call.arguments[: 3 if name != "full" else 1])
        )
        for one in items:
            size *= abs(_number(one) or 1) if name not in ("linspace",) else 1
        if size >= HUGE_ITEMS:
            warn(analysis, "resources.huge_allocation", call.node, f"Allocates an array of {size:,.0f} items.")


def judge_while(analysis: Analysis, node: ast.While) -> None:
    """Look for a loop without an end."""
    truth = control_flow.constant_truth(node.test)
    if truth is False:
        return
    if (truth or control_flow.test_never_changes(node)) and not control_flow.can_be_left(node):
        warn(analysis, "resources.endless_loop", node, "The loop has no way out.")


def judge_for(analysis: Analysis, node: ast.For | ast.AsyncFor) -> None:
    """Look for a loop over an endless iterator that is never left."""
    source = node.iter
    if isinstance(source, ast.Call):
        callee = analysis.value(source.func)
        endless = isinstance(callee, Lib) and callee.path in _ENDLESS and len(source.args) < 3
        if isinstance(callee, Lib) and callee.path == "itertools.repeat":
            endless = len(source.args) == 1 and not source.keywords
        if isinstance(source.func, ast.Name) and source.func.id == "iter" and len(source.args) == 2:
            endless = isinstance(source.args[0], ast.Name) and source.args[0].id in (
                "int",
                "str",
                "list",
                "dict",
            )
        if endless and not control_flow.can_be_left(node):
            warn(
                analysis,
                "resources.endless_loop",
                node,
                "The loop runs over an endless iterator and has no way out.",
            )


def judge_definition(analysis: Analysis, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    """Look for recursion without an end."""
    if node in analysis.program.recursive:
        found = control_flow.always_calls_itself(node)
        if found is not None and analysis.scope.kind != "class":
            warn(analysis, "resources.recursion", found, f"{node.name} always calls itself.")
