"""Classes of the program that inherit from a library's: making one is a call of the library's class."""

from __future__ import annotations

import ast

from windtunnel.validation.python.evaluation.analysis import Analysis
from windtunnel.validation.python.evaluation.call import Call
from windtunnel.validation.python.program.model import Scope
from windtunnel.validation.python.rules import library
from windtunnel.validation.python.rules.library import keywords
from windtunnel.validation.python.values.lattice import Class, Foreign, Inst, Lib, Value, each, join

_PLAIN_BASES = ("abc.", "enum.", "typing.", "collections.", "dataclasses.", "unittest.")
MOST_BASES = 8


def constructed(analysis: Analysis, node: ast.Call, receiver: Value, callee: Value) -> Value:
    """Take `super().__init__(…)` of a subclass of a library's class for a call of that class."""
    if isinstance(receiver, Lib | Foreign) and isinstance(callee, Foreign):
        return Lib(receiver.path)
    if not isinstance(receiver, Inst):
        return callee
    bases = _library_bases(analysis, receiver.scope)
    if not bases:
        return callee
    base = analysis.memo[node.func] = join(bases)
    return base


def _library_bases(analysis: Analysis, scope: Scope) -> list[Value]:
    """Give the classes of libraries that a class of the program inherits from."""
    found: list[Value] = []
    stack, seen = [scope], {scope}
    while stack:
        scope = stack.pop()
        for base in getattr(scope.node, "bases", ()):
            for one in each(analysis.value_in(scope.parent or scope, base)):
                if isinstance(one, Lib) and not one.path.startswith(_PLAIN_BASES):
                    found.append(one)
                elif isinstance(one, Class) and one.scope not in seen:
                    seen.add(one.scope)
                    stack.append(one.scope)
    return found[:MOST_BASES]


def judge_made(analysis: Analysis, call: Call, made: Class) -> None:
    """Take making an object of a subclass without a constructor for a call of the library's class."""
    if "__init__" in made.scope.bindings or not (call.arguments or call.keywords):
        return
    for base in _library_bases(analysis, made.scope):
        if isinstance(base, Lib):
            library.judge_function(analysis, call, base.path)
            keywords.judge(analysis, call, base)
