"""What a parameter may be: its default and the arguments of the call sites that are seen."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from windtunnel.validation.python.program.model import Binding, Program, Scope
from windtunnel.validation.python.values.lattice import UNKNOWN, Class, Inst, Value, join

MOST_SITES = 48
"""Call sites that are looked at; arguments past them count as handed out of sight."""
_OF_CLASS = frozenset({"__new__", "__init_subclass__", "__class_getitem__"})


class Parameters:
    """The values of a program's parameters. `value_in` evaluates an expression that stands in some scope."""

    def __init__(self, program: Program, value_in: Callable[[Scope, ast.AST], Value]) -> None:
        self._program = program
        self._value_in = value_in
        self._seen: dict[tuple[str, str, int], list[Value]] = {}
        """Arguments found for a function's name, a parameter's name and its place."""

    def value_of(self, binding: Binding) -> Value:
        """Join all values that a parameter is given."""
        node: Any = binding.node
        owner = binding.scope.owner
        index = int(binding.path[0])
        if owner is not None and index == 0:
            kinds = {one.id for one in node.decorator_list if isinstance(one, ast.Name)}
            if "staticmethod" not in kinds:
                return Class(owner) if "classmethod" in kinds or node.name in _OF_CLASS else Inst(owner)
        found: list[Value] = []
        default = _default(node, index)
        if default is not None:
            found.append(self._value_in(binding.scope.parent or binding.scope, default))
        function = getattr(node, "name", None)
        if function is None:
            return join([*found, UNKNOWN])
        sites = self._program.calls.get(function, [])
        if function == "__init__" and owner is not None:
            sites = sites + self._program.calls.get(getattr(owner.node, "name", ""), [])
        name = getattr(binding.extra, "arg", "")
        found += self._arguments(sites, name, index - (owner is not None), function)
        if not sites or self._program.reads.get(function, 0) > len(sites) or len(sites) > MOST_SITES:
            found.append(UNKNOWN)
        return join(found)

    def _arguments(self, sites: list[Any], name: str, index: int, function: str) -> list[Value]:
        key = (function, name, index)
        known = None if function == "__init__" else self._seen.get(key)
        if known is not None:
            return known
        found: list[Value] = []
        self._seen[key] = found
        for call, scope in sites[:MOST_SITES]:
            if isinstance(call.func, ast.Name) and call.func.id == function and _shadows(scope, function):
                continue
            given: ast.AST | None = next((one.value for one in call.keywords if one.arg == name), None)
            if given is None and 0 <= index < len(call.args):
                if not any(isinstance(one, ast.Starred) for one in call.args[: index + 1]):
                    given = call.args[index]
                else:
                    found.append(UNKNOWN)
            if given is not None:
                found.append(self._value_in(scope, given))
            elif any(one.arg is None for one in call.keywords):
                found.append(UNKNOWN)
        return found


def _default(node: Any, index: int) -> ast.expr | None:
    args: ast.arguments = node.args
    positional = len(args.posonlyargs) + len(args.args)
    if index < positional:
        at = index - (positional - len(args.defaults))
        return args.defaults[at] if at >= 0 else None
    return args.kw_defaults[index - positional]


def _shadows(scope: Scope, function: str) -> bool:
    """Say whether, in that scope, the name is a local variable and so another function."""
    bound = scope.bindings.get(function) if scope.kind == "function" else None
    return bound is not None and all(one.kind not in ("def", "value") for one in bound)
