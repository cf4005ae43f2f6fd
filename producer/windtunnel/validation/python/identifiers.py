"""Under which identifiers the container that an expression gives may be known: syntax only.

A container is known by the variable, parameter or attribute that holds it, and what a function `f` returns as "f()".
"""

from __future__ import annotations

import ast

EVERY = "*"
"""Any attribute of an object of the program: what `vars(x)` gives."""
Root = tuple[str, bool]
"""An identifier, and whether one of its elements is meant."""
TAKERS = frozenset("enumerate zip sorted list tuple reversed iter next max min dict set frozenset filter".split())
"""Builtins that give elements of what they are given."""
_ELEMENTS = frozenset("items values get pop popitem setdefault copy __getitem__ popleft keys".split())


def roots(node: ast.AST | None, deep: bool = False) -> list[Root]:
    """Give the identifiers whose container an expression may be, or (`deep`) one of whose elements it may be."""
    found: list[Root] = []
    _collect(node, deep, found)
    return found


def _collect(node: ast.AST | None, deep: bool, found: list[Root]) -> None:
    if isinstance(node, ast.Name):
        found.append((node.id, deep))
    elif isinstance(node, ast.Attribute):
        name = node.attr
        found.append((EVERY if name == "__dict__" else name, deep))
    elif isinstance(node, ast.Subscript):
        _collect(node.value, True, found)
    elif isinstance(node, ast.List | ast.Tuple | ast.Set):
        for one in node.elts:
            _collect(one, False, found)
    elif isinstance(node, ast.Dict):
        for key, one in zip(node.keys, node.values, strict=True):
            _collect(one, key is None, found)
    elif isinstance(node, ast.Starred | ast.NamedExpr | ast.Await):
        _collect(node.value, deep or isinstance(node, ast.Starred), found)
    elif isinstance(node, ast.IfExp):
        _collect(node.body, deep, found)
        _collect(node.orelse, deep, found)
    elif isinstance(node, ast.BoolOp):
        for one in node.values:
            _collect(one, deep, found)
    elif isinstance(node, ast.BinOp):
        for one in (node.left, node.right):
            if not isinstance(one, ast.BinOp):
                _collect(one, True, found)
    elif isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp):
        _collect(node.elt, deep, found)
    elif isinstance(node, ast.DictComp):
        _collect(node.value, deep, found)
    elif isinstance(node, ast.Call):
        _of_call(node, deep, found)


def _of_call(node: ast.Call, deep: bool, found: list[Root]) -> None:
    callee = node.func
    if isinstance(callee, ast.Name):
        if callee.id in TAKERS:
            for one in node.args:
                _collect(one, True, found)
        elif callee.id == "getattr" and len(node.args) > 1:
            found.append((literal_text(node.args[1]) or EVERY, deep))
        elif callee.id == "vars":
            found.append((EVERY, deep))
        else:
            found.append((callee.id + "()", deep))
    elif isinstance(callee, ast.Attribute):
        if callee.attr in _ELEMENTS:
            _collect(callee.value, True, found)
        found.append((callee.attr + "()", deep))


LITERALS = (ast.List, ast.Dict, ast.Set, ast.Tuple)


def is_flat(node: ast.AST) -> bool:
    """Recognise a container of constants, and of tuples of constants."""
    parts = node.values if isinstance(node, ast.Dict) else getattr(node, "elts", [])
    return all(
        isinstance(one, ast.Constant) or (isinstance(one, ast.Tuple) and is_flat(one)) or isinstance(one, ast.UnaryOp)
        for one in parts
    )


def literal_text(node: ast.expr) -> str | None:
    """Give the text of a string literal; None for any other expression."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def around(node: ast.AST) -> ast.AST:
    """Give the container that holds, at any depth, the element that an expression takes."""
    while True:
        if isinstance(node, ast.Subscript):
            node = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _ELEMENTS:
            node = node.func.value
        else:
            return node
