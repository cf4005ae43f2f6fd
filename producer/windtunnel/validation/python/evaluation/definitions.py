"""Which functions and classes are what is written: decorators, metaclasses and hooks may put others in their place."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from windtunnel.validation.python.program.model import Program, Scope
from windtunnel.validation.python.values.lattice import OPAQUE, Builtin, Class, Lib, Value, each

METACLASSES = frozenset({"abc.ABCMeta", "enum.EnumMeta", "enum.EnumType"})
MOST_BASES = 8
_HOOKS = frozenset({"__getattr__", "__getattribute__", "__prepare__"})


class Definitions:
    """Tells which functions and classes are what is written. `value_in` evaluates an expression in a scope."""

    def __init__(
        self, program: Program, plain_decorators: frozenset[str], value_in: Callable[[Scope, ast.AST], Value]
    ) -> None:
        self._program = program
        self._plain_decorators = plain_decorators
        self._value_in = value_in
        self._classes: dict[ast.AST, bool] = {}
        self._lies: bool | None = None

    def is_plain(self, decorator: ast.expr, scope: Scope) -> bool:
        """Say whether a decorator gives back what it is given, but for what it does at a call."""
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(called, ast.Attribute) and called.attr in ("setter", "deleter", "getter"):
            return isinstance(called.value, ast.Name)
        value = self._value_in(scope, called)
        if isinstance(value, Builtin):
            return value.name in ("staticmethod", "classmethod", "property")
        return isinstance(value, Lib) and value.path in self._plain_decorators

    def is_replaced(self, node: Any, depth: int = 0) -> bool:
        """Say whether a class may be another than the one that is written: by a decorator, a metaclass or a base."""
        known = self._classes.get(node)
        if known is None:
            self._classes[node] = depth > MOST_BASES
            self._classes[node] = known = self._find_replaced(node, depth)
        return known

    def _find_replaced(self, node: ast.ClassDef, depth: int) -> bool:
        scope = self._program.scopes[node].parent or self._program.module
        return (
            not all(self.is_plain(one, scope) for one in node.decorator_list)
            or any(self._is_metaclass(scope, keyword) for keyword in node.keywords)
            or any(
                one is OPAQUE or (isinstance(one, Class) and self.is_replaced(one.scope.node, depth + 1))
                for base in node.bases for one in each(self._value_in(scope, base))
            )
        )  # fmt: skip

    def _is_metaclass(self, scope: Scope, keyword: ast.keyword) -> bool:
        """Recognise a class keyword that gives a metaclass which is not known to leave its classes as they are."""
        if keyword.arg not in ("metaclass", None):
            return False
        value = self._value_in(scope, keyword.value)
        return not (isinstance(value, Lib) and value.path in METACLASSES)

    def lies(self) -> bool:
        """Say whether attributes may be others than those that the program assigns: by hooks, or by a library."""
        if self._lies is None:
            self._lies = False
            classes = [scope for scope in self._program.scopes.values() if scope.kind == "class"]
            hooked = any(not _HOOKS.isdisjoint(scope.bindings) for scope in classes)
            self._lies = hooked or self._program.filled or any(self.is_replaced(scope.node) for scope in classes)
        return self._lies
