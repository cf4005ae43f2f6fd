"""Evaluates `x[i]` and slices."""

from __future__ import annotations

import ast

from windtunnel.validation.python.evaluation.analysis import Analysis, Evaluator
from windtunnel.validation.python.rules.advice import lookahead
from windtunnel.validation.python.values import folding, texts
from windtunnel.validation.python.values.lattice import (
    BUILT,
    UNKNOWN,
    Bag,
    Const,
    Foreign,
    Text,
    Unknown,
    Value,
    each,
    join,
)


def subscript(analysis: Analysis, node: ast.Subscript) -> Value:
    """Evaluate `x[i]`."""
    owner = analysis.value(node.value)
    index = analysis.value(node.slice)
    lookahead.judge_subscript(analysis, node)
    if isinstance(owner, Unknown):
        return owner
    if isinstance(node.slice, ast.Slice):
        return join([_part(one, index) for one in each(owner)])
    return join([_item(one, index) for one in each(owner)])


def _part(owner: Value, bounds: Value) -> Value:
    """Evaluate a slice: of a container, some of its elements."""
    if not isinstance(owner, Bag) or not owner.items:
        return _item(owner, bounds)
    if not owner.ordered or not isinstance(bounds, Const):
        return Bag(owner.items)
    try:
        return Bag(owner.items[bounds.value], ordered=True)
    except (ValueError, TypeError):
        return owner


def _item(owner: Value, index: Value) -> Value:
    at = index.value if isinstance(index, Const) else None
    if isinstance(owner, Const) and isinstance(owner.value, str | bytes):
        if isinstance(at, int | slice):
            try:
                return folding.as_value(owner.value[at])
            except (LookupError, ValueError, TypeError):
                return UNKNOWN
        return BUILT
    if isinstance(owner, Text):
        return BUILT
    if isinstance(owner, Bag):
        items, keys = owner.items, owner.keys
        if keys and len(keys) == len(items) and at is not None:
            if owner.loose:
                pairs = zip(keys, items, strict=True)
                return join([item for key, item in pairs if not isinstance(key, Const) or key.value == at] or [UNKNOWN])
            found = [item for key, item in zip(keys, items, strict=True) if isinstance(key, Const) and key.value == at]
            if found:
                return join(found[-1:])
        elif owner.ordered and isinstance(at, int) and -len(items) <= at < len(items):
            return join([items[at]])
        return join(list(items)) if items else UNKNOWN
    if isinstance(owner, Foreign) and owner.path in ("dataclasses.fields", "sandbox.params"):
        return owner
    return texts.inner(owner)


def sliced(analysis: Analysis, node: ast.Slice) -> Value:
    """Evaluate `a:b:c`."""
    parts = [None if one is None else analysis.value(one) for one in (node.lower, node.upper, node.step)]
    known = [None if one is None else one.value for one in parts if one is None or isinstance(one, Const)]
    return Const(slice(*known)) if len(known) == len(parts) else UNKNOWN


EXPRESSIONS: dict[type, Evaluator] = {ast.Subscript: subscript, ast.Slice: sliced}
