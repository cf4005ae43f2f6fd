"""Rules about `getattr` and its kin: attributes whose name is a value."""

from __future__ import annotations

import ast

from windtunnel.validation.python.evaluation.analysis import Analysis
from windtunnel.validation.python.evaluation.call import Call
from windtunnel.validation.python.rules import assignment_targets, attributes, descriptors, escapes
from windtunnel.validation.python.values.lattice import (
    UNKNOWN,
    Class,
    Const,
    Foreign,
    Inst,
    Value,
    each,
    has_built,
    join,
)

FUNCTIONS = frozenset("getattr setattr delattr hasattr".split())
"""The builtins that take the name of an attribute as a value."""


def reflect(analysis: Analysis, call: Call, function: str) -> Value:
    """Judge `getattr` and its kin: an attribute whose name is a value."""
    node, arguments = call.node, call.arguments
    if len(arguments) < 2 or any(isinstance(one, ast.Starred) for one in node.args[:2]):
        analysis.report("attributes.unknown_name", node, f"{function} gets its arguments from elsewhere.")
        return UNKNOWN
    receiver, name = arguments[0], arguments[1]
    known = [one.value for one in each(name) if isinstance(one, Const) and isinstance(one.value, str)]
    if len(known) != len(each(name)):
        return _reflect_unknown(analysis, node, function, receiver, name)
    if function == "hasattr":
        return UNKNOWN
    if function in ("setattr", "delattr"):
        for one in known:
            assignment_targets.judge_attribute(analysis, receiver, one, node)
        for value in arguments[2:]:
            escapes.judge(analysis, value, node, "set as an attribute by name")
        return UNKNOWN
    defaults = arguments[2:]
    found = [attributes.read(analysis, receiver, one, node, called=False) for one in known]
    return join([*found, *(value for value in defaults if not isinstance(value, Const))])


def judge_getter(analysis: Analysis, call: Call, path: str) -> None:
    """Judge `operator.attrgetter` and `methodcaller`: the names of attributes have to be known."""
    chosen = call.arguments if path == "operator.attrgetter" else call.arguments[:1]
    if not chosen or call.is_starred:
        analysis.report("attributes.unknown_name", call.node, "A getter whose attribute is not known here.")
        return
    for one in (one for value in chosen for one in each(value)):
        if not isinstance(one, Const) or not isinstance(one.value, str):
            analysis.report("attributes.unknown_name", call.node, "A getter whose attribute is not known here.")
            return
        for name in one.value.split("."):
            _judge_gotten(analysis, call.node, name)


def _judge_gotten(analysis: Analysis, node: ast.Call, name: str) -> None:
    if name in ("format", "format_map"):
        analysis.report("attributes.format_unknown", node, "Formats with a template that is not seen.")
    elif analysis.tables.judge_name(name) == "judged":
        analysis.report("library.named_method", node, f"Calls the method {name!r} by its name.")
    else:
        attributes.judge(analysis, UNKNOWN, name, node, called=False)


def is_filled(analysis: Analysis, value: Value) -> bool:
    """Say whether an object's attributes may have been named at run time."""
    if isinstance(value, Foreign):
        return value.path == "types.SimpleNamespace" or value.path.endswith(".parse_args")
    return isinstance(value, Inst) and (bool(analysis.program.wild) or analysis.program.filled)


def _reflect_unknown(analysis: Analysis, node: ast.Call, function: str, receiver: Value, name: Value) -> Value:
    prefix = next((getattr(one, "parts", ("",))[0] for one in each(name)), "")
    own = all(isinstance(one, Inst | Class) for one in each(receiver))
    if function == "hasattr":
        return UNKNOWN
    if own and isinstance(prefix, str) and len(prefix) > 2 and prefix[0] != "_" and not has_built(name):
        return UNKNOWN
    if descriptors.names_itself(analysis, node, name):
        return UNKNOWN
    if isinstance(prefix, str) and not has_built(name) and analysis.tables.harmless_prefix(prefix):
        analysis.report("attributes.unknown_store", node, f"{function} with a name of which only {prefix!r} is known.")
        return UNKNOWN
    if function == "setattr" and own and not has_built(name):
        analysis.report("attributes.unknown_store", node, "setattr with a name that is not known here.")
        return UNKNOWN
    analysis.report("attributes.unknown_name", node, f"{function} with a name that cannot be known here.")
    return UNKNOWN
