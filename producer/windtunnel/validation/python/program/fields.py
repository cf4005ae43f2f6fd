"""Binds what the calls of a class without a constructor of its own give to its fields: dataclasses, named tuples."""

from __future__ import annotations

import ast

from windtunnel.validation.python.program.container_sharing import LOST, Sharing
from windtunnel.validation.python.program.model import Binding, Program, Scope

MOST_BINDINGS = 100_000
"""Past that, the fields of further classes may hold anything."""


def bind_fields(program: Program, sharing: Sharing) -> None:
    """Bind what the calls of a class without a constructor of its own give to its fields."""
    left = MOST_BINDINGS
    made = program.calls.get("_make", [])
    for name, node in sharing.classes.items():
        body = [one.target for one in node.body if isinstance(one, ast.AnnAssign)]
        fields = [one.id for one in body if isinstance(one, ast.Name)]
        if not fields or "__init__" in program.scopes[node].bindings:
            continue
        aliases = sharing.flow.get(name, set())
        calls = [call for known in (name, *aliases - {name, LOST}) for call in program.calls.get(known, ())]
        left -= len(fields) * (len(calls) + len(made))
        for field in fields if LOST in aliases or left < 0 else ():
            program.attributes.setdefault(field, []).append(Binding("lost", node, program.module))
        if left < 0:
            continue
        for call, scope in calls:
            _given(program, call, scope, fields, ordered=not node.bases)
        for call, scope in made:
            for value in call.args[:1]:
                for field in fields:
                    program.attributes.setdefault(field, []).append(Binding("value", value, scope, ("any",)))
    for name in ("replace", "_replace", "set_params", "set_defaults"):
        for call, scope in program.calls.get(name, ()):
            _named_fields(program, call, scope, list(program.attributes) if len(program.attributes) < 200 else [])


def _given(program: Program, call: ast.Call, scope: Scope, fields: list[str], *, ordered: bool) -> None:
    for index, value in enumerate(call.args):
        starred = isinstance(value, ast.Starred)
        for field in fields[index : index + 1] if ordered and not starred else fields:
            program.attributes.setdefault(field, []).append(Binding("value", value, scope))
    _named_fields(program, call, scope, fields)


def _named_fields(program: Program, call: ast.Call, scope: Scope, fields: list[str]) -> None:
    for keyword in call.keywords:
        if keyword.arg is None:
            for field in fields:
                program.attributes.setdefault(field, []).append(Binding("value", keyword.value, scope, ("any",)))
        elif keyword.arg in program.attributes:
            program.attributes[keyword.arg].append(Binding("value", keyword.value, scope))
