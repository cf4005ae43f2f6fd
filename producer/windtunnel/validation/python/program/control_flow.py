"""Control-flow questions that rules ask: does a body fall through, can a loop be left, is code reached.

Python's flow is structured, so that the graph need not be drawn: each statement answers for its own edges.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

_LEAVES = (ast.Return, ast.Raise, ast.Break, ast.Continue)
_OWN = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_ENDING_CALLS = frozenset({"exit", "quit", "_exit", "SystemExit"})


def constant_truth(node: ast.expr) -> bool | None:
    """Give the truth of a test that is constant, or None."""
    if isinstance(node, ast.Constant):
        return bool(node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        inner = constant_truth(node.operand)
        return None if inner is None else not inner
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.left, ast.Constant):
        right = node.comparators[0]
        if isinstance(right, ast.Constant) and isinstance(node.ops[0], ast.Eq | ast.Is):
            return bool(node.left.value == right.value)
    return None


def ends(statement: ast.stmt) -> bool:
    """Say whether control never passes from this statement to the next."""
    if isinstance(statement, _LEAVES):
        return True
    if isinstance(statement, ast.If):
        truth = constant_truth(statement.test)
        if truth is not None:
            return any(map(ends, statement.body if truth else statement.orelse))
        return any(map(ends, statement.body)) and any(map(ends, statement.orelse))
    if isinstance(statement, ast.While):
        return constant_truth(statement.test) is True and not any(_breaks(statement.body))
    if isinstance(statement, ast.With):
        return any(map(ends, statement.body))
    return False


def inside(nodes: list[ast.stmt]) -> Iterator[ast.AST]:
    """Walk statements without entering functions and classes defined in them."""
    stack: list[ast.AST] = list(nodes)
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, _OWN):
            stack.extend(ast.iter_child_nodes(node))


def _breaks(body: list[ast.stmt]) -> Iterator[ast.Break]:
    """Find the `break`s that belong to the loop with this body."""
    stack: list[ast.AST] = list(body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Break):
            yield node
        elif isinstance(node, ast.For | ast.AsyncFor | ast.While):
            stack.extend(node.orelse)
        elif not isinstance(node, _OWN):
            stack.extend(one for one in ast.iter_child_nodes(node) if not isinstance(one, ast.expr))


def can_be_left(loop: ast.While | ast.For | ast.AsyncFor) -> bool:
    """Say whether a loop has a way out: break, return, raise, yield, or a call that ends the program."""
    if any(True for _ in _breaks(loop.body)):
        return True
    for node in inside(loop.body):
        if isinstance(node, ast.Return | ast.Raise | ast.Yield | ast.YieldFrom | ast.Await):
            return True
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", None) or getattr(node.func, "attr", None)
            if name in _ENDING_CALLS or name in ("next", "pop", "popleft", "remove"):
                return True
    return False


def test_never_changes(loop: ast.While) -> bool:
    """Recognise a test of plain names and constants of which the body changes none."""
    names: set[str] = set()
    for node in ast.walk(loop.test):
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif not isinstance(
            node, ast.Compare | ast.BoolOp | ast.UnaryOp | ast.Constant | ast.cmpop | ast.boolop | ast.unaryop
            | ast.expr_context,
        ):  # fmt: skip
            return False
    for node in inside(loop.body):
        if isinstance(node, ast.Name) and node.id in names and not isinstance(node.ctx, ast.Load):
            return False
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.value, ast.Name):
            if node.value.id in names:
                return False
        if isinstance(node, ast.Global | ast.Nonlocal) or (isinstance(node, ast.Call) and not names):
            return not names
    return bool(names)


def always_calls_itself(function: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.Call | None:
    """Find a call of the function to itself that every run of it reaches."""
    for statement in function.body:
        if isinstance(statement, _OWN):
            continue
        if isinstance(statement, ast.If | ast.For | ast.While | ast.Try | ast.Match | ast.With | ast.AsyncFor):
            if any(isinstance(node, ast.Return | ast.Raise) for node in inside([statement])):
                return None
            continue
        found = _unconditional_call(statement, function.name)
        if found is not None:
            return found
        if ends(statement):
            return None
    return None


def _unconditional_call(statement: ast.stmt, name: str) -> ast.Call | None:
    stack: list[ast.AST] = [statement]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            return node
        if not isinstance(
            node,
            ast.IfExp | ast.BoolOp | ast.Lambda | ast.ListComp | ast.GeneratorExp | ast.SetComp | ast.DictComp,
        ):
            stack.extend(ast.iter_child_nodes(node))
    return None
