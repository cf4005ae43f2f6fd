"""Under which identifiers the container that an expression gives may be known: syntax only.

A container is known by the variable, parameter or attribute that holds it, and what a function `f` returns as "f()".
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

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
    collect = _COLLECT.get(type(node))
    if collect is not None:
        collect(node, deep, found)


def _name(node: ast.Name, deep: bool, found: list[Root]) -> None:
    found.append((node.id, deep))


def _attribute(node: ast.Attribute, deep: bool, found: list[Root]) -> None:
    found.append((EVERY if node.attr == "__dict__" else node.attr, deep))


def _element(node: ast.Subscript, deep: bool, found: list[Root]) -> None:  # noqa: ARG001 - like its kin
    _collect(node.value, True, found)


def _display(node: ast.List | ast.Tuple | ast.Set, deep: bool, found: list[Root]) -> None:  # noqa: ARG001 - like its kin
    for one in node.elts:
        _collect(one, False, found)


def _dictionary(node: ast.Dict, deep: bool, found: list[Root]) -> None:  # noqa: ARG001 - like its kin
    for key, one in zip(node.keys, node.values, strict=True):
        _collect(one, key is None, found)


def _inner(node: ast.Starred | ast.NamedExpr | ast.Await | ast.DictComp, deep: bool, found: list[Root]) -> None:
    _collect(node.value, deep or isinstance(node, ast.Starred), found)


def _choice(node: ast.IfExp, deep: bool, found: list[Root]) -> None:
    _collect(node.body, deep, found)
    _collect(node.orelse, deep, found)


def _boolean(node: ast.BoolOp, deep: bool, found: list[Root]) -> None:
    for one in node.values:
        _collect(one, deep, found)


def _binary(node: ast.BinOp, deep: bool, found: list[Root]) -> None:  # noqa: ARG001 - like its kin
    for one in (node.left, node.right):
        if not isinstance(one, ast.BinOp):
            _collect(one, True, found)


def _comprehension(node: ast.ListComp | ast.SetComp | ast.GeneratorExp, deep: bool, found: list[Root]) -> None:
    _collect(node.elt, deep, found)


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


_COLLECT: dict[type, Callable[[Any, bool, list[Root]], None]] = {
    ast.Name: _name, ast.Attribute: _attribute, ast.Subscript: _element, ast.List: _display, ast.Tuple: _display,
    ast.Set: _display, ast.Dict: _dictionary, ast.Starred: _inner, ast.NamedExpr: _inner, ast.Await: _inner,
    ast.DictComp: _inner, ast.IfExp: _choice, ast.BoolOp: _boolean, ast.BinOp: _binary, ast.ListComp: _comprehension,
    ast.SetComp: _comprehension, ast.GeneratorExp: _comprehension, ast.Call: _of_call,
}  # fmt: skip
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
