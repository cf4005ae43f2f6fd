"""What is known of a program before it is evaluated: scopes, bindings, attributes, call sites. Pure data."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Path = tuple[int | str, ...]


@dataclass(slots=True)
class Binding:
    """One place where a name gets a value: how, from which node, and in which scope that is evaluated."""

    kind: str
    node: ast.AST
    scope: Scope
    path: Path = ()
    extra: object = None


@dataclass(slots=True, eq=False)
class Scope:
    """A module, class, function, lambda or comprehension."""

    kind: str
    node: ast.AST
    parent: Scope | None
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    outer: dict[str, str] = field(default_factory=dict)
    """Names declared global or nonlocal here."""
    returns: list[ast.expr] = field(default_factory=list)
    yields: bool = False
    owner: Scope | None = None
    """The class whose body defines this function."""
    qualname: str = ""


@dataclass(slots=True)
class Program:
    """What the walk found."""

    module: Scope
    scopes: dict[ast.AST, Scope] = field(default_factory=dict)
    attributes: dict[str, list[Binding]] = field(default_factory=dict)
    """Values assigned to an attribute of this name, on anything, and class members."""
    calls: dict[str, list[tuple[ast.Call, Scope]]] = field(default_factory=dict)
    """Calls by the last name of the callee."""
    reads: dict[str, int] = field(default_factory=dict)
    """How often a name, or an attribute of that name, is read."""
    readonly: set[ast.AST] = field(default_factory=set)
    """Expressions that stand where what they give is only looked at."""
    filling: set[ast.AST] = field(default_factory=set)
    """Tables of attributes that may be changed where they go: `x.__dict__`, and the `vars` of `vars(x)`."""
    wild: list[Binding] = field(default_factory=list)
    """Values stored under attribute names that are not written out."""
    renamed: bool = False
    """A class makes its objects itself, so that the members of an enumeration may have other values."""
    imported: set[str] = field(default_factory=set)
    """Modules, and names of theirs, that the program imports."""
    filled: bool = False
    """A library fills in the attributes of an object of the program: `parse_args(namespace=x)`."""
    overwritten: bool = False
    """Something is put into a table of attributes: a method may be another than the one that is written."""
    sharing: Any = None
    """Which containers may be changed where their name does not show it: `container_sharing.Sharing`."""
    recursive: set[ast.AST] = field(default_factory=set)
    """Functions that call a function of their own name."""


def redirect_outer(program: Program) -> None:
    """Move what `global` and `nonlocal` declare to the scope that they mean."""
    for scope in program.scopes.values():
        for name, kind in scope.outer.items():
            bound = scope.bindings.pop(name, [])
            target: Scope | None = program.module
            if kind == "nonlocal":
                target = scope.parent
                while target is not None and (target.kind == "class" or name not in target.bindings):
                    target = target.parent
            (target or program.module).bindings.setdefault(name, []).extend(bound)
