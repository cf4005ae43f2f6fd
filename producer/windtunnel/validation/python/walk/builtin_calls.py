"""Evaluates calls of builtins, and of methods of texts and containers."""

from __future__ import annotations

import ast
from collections.abc import Callable

from windtunnel.validation.python.evaluation import ownership
from windtunnel.validation.python.evaluation.analysis import Analysis
from windtunnel.validation.python.evaluation.call import SPREAD, Call
from windtunnel.validation.python.rules import escapes, library, path_objects, reflection, templates
from windtunnel.validation.python.rules.advice import resources
from windtunnel.validation.python.values import folding, text_methods, texts
from windtunnel.validation.python.values.lattice import (
    BUILT,
    UNKNOWN,
    Bag,
    Builtin,
    Class,
    Const,
    File,
    Foreign,
    Func,
    Inst,
    Method,
    Value,
    each,
    join,
    make_text,
)

TYPE_OF = Foreign("type")
"""What `type(x)` gives of an object that is not the program's own: it may be named, not called."""


def builtin(analysis: Analysis, call: Call, name: str) -> Value:
    """Judge and evaluate a call of a builtin."""
    if name in reflection.FUNCTIONS:
        return reflection.reflect(analysis, call, name)
    evaluate = _BUILTINS.get(name)
    if evaluate is not None:
        return evaluate(analysis, call)
    if name == "map" and len(call.arguments) == 2:
        return _mapped(analysis, call)
    resources.judge_builtin(analysis, call, name)
    if call.keywords and name not in ("int", "str", "bytes"):
        return folding.builtin(name, call.arguments) if name in ("sorted", "list") else UNKNOWN
    if call.is_starred:
        return BUILT if name in ("bytes", "chr") else UNKNOWN
    first = call.arguments[0] if call.arguments else UNKNOWN
    if name in ("next", "iter", "max", "min") and isinstance(first, Bag):
        return folding.element(first, "iter") if name != "iter" else first
    if name == "format" and len(call.arguments) == 2 and not isinstance(first, Const):
        return make_text(texts.as_formatted(first, call.arguments[1]))
    return folding.builtin(name, call.arguments) if len(call.arguments) <= MOST_FOLDED_ARGUMENTS else UNKNOWN


MOST_FOLDED_ARGUMENTS = 7


def _type(analysis: Analysis, call: Call) -> Value:
    if len(call.node.args) + len(call.node.keywords) > 1 or call.is_starred:
        analysis.report("structure.dynamic_class", call.node, "type() with three arguments makes a class.")
    elif call.arguments:
        made = [Class(one.scope) for one in each(call.arguments[0]) if isinstance(one, Inst)]
        if len(made) == len(each(call.arguments[0])):
            return join([*made])
    return TYPE_OF if call.arguments and not isinstance(call.node.args[0], ast.Constant) else UNKNOWN


def _vars(analysis: Analysis, call: Call) -> Value:
    given = each(call.arguments[0]) if len(call.arguments) == 1 else ()
    if not given or not all(isinstance(one, Inst) or ownership.is_namespace(one) for one in given):
        analysis.report("builtins.namespace", call.node, "vars gives the interpreter's own tables of names.")
    elif call.node.func in analysis.program.filling and any(isinstance(one, Inst) for one in given):
        said = "The table of attributes may be changed where it goes."
        analysis.report("attributes.unknown_store", call.node, said)
    return UNKNOWN


def _dict(analysis: Analysis, call: Call) -> Value:  # noqa: ARG001 - evaluated like its kin
    named = {key: value for key, value in call.keywords.items() if key != SPREAD}
    own = Bag(tuple(named.values()), keys=tuple(Const(key) for key in named))
    return folding.table([*call.arguments, *call.spread, own])


def _super(analysis: Analysis, call: Call) -> Value:  # noqa: ARG001 - evaluated like its kin
    scope = analysis.scope
    while scope.parent is not None and scope.owner is None:
        scope = scope.parent
    return Inst(scope.owner) if scope.owner is not None else UNKNOWN


_BUILTINS: dict[str, Callable[[Analysis, Call], Value]] = {"type": _type, "vars": _vars, "super": _super, "dict": _dict}


def _mapped(analysis: Analysis, call: Call) -> Value:
    function, source = call.arguments
    if isinstance(function, Builtin):
        items = folding.known(source)
        if isinstance(items, list | str | bytes) and len(items) <= 512:
            return Bag(tuple(folding.builtin(function.name, [folding.as_value(one)]) for one in items), ordered=True)
        return Bag((folding.builtin(function.name, [folding.element(source, "iter")]),))
    if isinstance(function, Func):
        return Bag((analysis.returned(function),))
    if isinstance(function, Foreign):
        library.judge_bound(analysis, call.node, function.path)
    if isinstance(function, Method):
        return Bag((method(analysis, Call(call.node, [folding.element(source, "iter")], {}), function),))
    return UNKNOWN


def method(analysis: Analysis, call: Call, bound: Method) -> Value:
    """Judge and evaluate a call of a method of a text, a container, a path object or a builtin type."""
    owner, name = bound.owner, bound.name
    if isinstance(owner, File):
        return path_objects.method(analysis, call, owner, name)
    if name in ("format", "format_map"):
        templates.judge_format(analysis, call.node, owner)
    if isinstance(owner, Builtin):
        if owner.name == "dict" and name == "fromkeys" and call.arguments:
            return Bag(
                (call.arguments[1] if len(call.arguments) > 1 else UNKNOWN,),
                keys=(folding.element(call.arguments[0], "iter"),),
            )
        if owner.name in ("str", "bytes", "bytearray", "int"):
            if name in ("fromhex", "maketrans", "from_bytes"):
                return text_methods.fold(
                    {"str": str, "int": int}.get(owner.name, bytes), name, call.arguments, call.keywords
                )
            if call.arguments:
                return method(
                    analysis, Call(call.node, call.arguments[1:], call.keywords), Method(call.arguments[0], name)
                )
        if name in ("__setattr__", "__delattr__", "__getattr__"):
            reflection.reflect(analysis, call, name.strip("_"))
        return UNKNOWN
    if isinstance(owner, Bag):
        return _of_bag(analysis, call, owner, name)
    if isinstance(owner, Const) and isinstance(owner.value, str | bytes) and name in text_methods.PURE_METHODS:
        return text_methods.fold(owner.value, name, call.arguments, call.keywords)
    if texts.is_textual(owner) and name in text_methods.PURE_METHODS:
        return BUILT if name not in ("find", "index", "count", "startswith", "endswith") else UNKNOWN
    return UNKNOWN


def _of_bag(analysis: Analysis, call: Call, owner: Bag, name: str) -> Value:
    if call.node.keywords:
        escapes.judge(analysis, owner, call.node, "handed to a key function")
    if name in ("append", "extend", "insert", "add", "update", "setdefault", "appendleft"):
        for value in call.arguments:
            escapes.judge(analysis, value, call.node, "put into a container")
    if name == "keys":
        return Bag(owner.keys)
    if name == "items":
        return Bag((Bag((join(list(owner.keys)), join(list(owner.items))), ordered=True),))
    if name in ("values", "copy"):
        return Bag(owner.items)
    if name in ("pop", "popleft") and owner.items and len(call.arguments) < 2:
        return join(list(owner.items))
    if name in ("get", "pop", "popleft", "setdefault", "popitem", "__getitem__"):
        return join([*owner.items, *call.arguments[1:], UNKNOWN])
    return UNKNOWN
