"""Which objects are the program's own, and which attributes of theirs."""

from __future__ import annotations

from windtunnel.validation.python.evaluation.analysis import Analysis
from windtunnel.validation.python.program.model import Scope
from windtunnel.validation.python.values.lattice import Builtin, Class, Foreign, Inst, Lib, Module, Value, each

Own = Inst | Class
_NotOwn = Lib | Foreign | Module | Builtin


def has_foreign_base(analysis: Analysis, scope: Scope, depth: int = 0) -> bool:
    """Say whether a class of the program inherits from anything but its own classes and object."""
    if depth > 8:
        return True
    known = analysis.foreign.get(scope)
    if known is None:
        analysis.foreign[scope] = True
        known = analysis.foreign[scope] = _foreign_base(analysis, scope, depth)
    return known


def _foreign_base(analysis: Analysis, scope: Scope, depth: int) -> bool:
    for base in getattr(scope.node, "bases", ()):
        value = analysis.value_in(scope.parent or scope, base)
        for one in each(value):
            if isinstance(one, Class):
                if one.scope is scope or has_foreign_base(analysis, one.scope, depth + 1):
                    return True
            elif not _is_plain_base(one):
                return True
    return False


_PLAIN_BASES = frozenset({"abc.ABC", "typing.Generic", "typing.Protocol"})


def _is_plain_base(base: Value) -> bool:
    """Recognise bases that bring no attributes but the interpreter's own: `object`, exceptions, `ABC`."""
    if isinstance(base, Builtin):
        return base.name == "object" or base.name.endswith(("Error", "Exception", "Warning"))
    return isinstance(base, Lib | Foreign) and base.path in _PLAIN_BASES


def is_own(analysis: Analysis, receiver: Value, name: str) -> bool:
    """Say whether the attribute is surely the program's own: its object, and defined by it or by nobody."""
    for one in each(receiver):
        if not isinstance(one, Own):
            return False
        if name not in analysis.program.attributes and has_foreign_base(analysis, one.scope):
            return False
    return True


def may_be_own(analysis: Analysis, receiver: Value, name: str) -> bool:
    """Say whether the program gives objects an attribute of this name, and the receiver may be one of them."""
    return name in analysis.program.attributes and not any(isinstance(one, _NotOwn) for one in each(receiver))


def only_own(analysis: Analysis, receiver: Value) -> bool:
    """Say whether a receiver is an object or class of the program that inherits nothing of a library."""
    return all(isinstance(one, Own) and not has_foreign_base(analysis, one.scope) for one in each(receiver))


def is_namespace(value: Value) -> bool:
    """Recognise what a parser of arguments gives: its table holds what was parsed."""
    return isinstance(value, Foreign) and (value.path.endswith(".parse_args") or value.path == "types.SimpleNamespace")
