"""Constant folding: what a pure operation on known constants gives. Bounded; never raises.

Only operations that cannot run the program's code and whose result is small are folded. What cannot be
folded is a `Text` that was built, which the rules treat as hiding something.
"""

from __future__ import annotations

import ast
import operator
import posixpath
import re
from collections.abc import Callable
from typing import Any

from windtunnel.validation.python.values import texts
from windtunnel.validation.python.values.lattice import (
    BUILT,
    MOST_FOLDED,
    NUMBER,
    PUT_IN,
    UNKNOWN,
    Bag,
    Const,
    File,
    Foreign,
    Text,
    Unknown,
    Value,
    each,
    has_built,
    join,
    make_text,
    text_of,
)

MOST_ITEMS = 512
"""Elements of a container that is folded, those of the containers in it included."""
MOST_BITS = 4096
"""Of a whole number that is known: Python writes out no number of much more."""
MOST_JOINED = 16
"""Alternatives of a path that is put together."""
_BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.BitXor: operator.xor,
    ast.Pow: operator.pow, ast.BitAnd: operator.and_, ast.BitOr: operator.or_,
    ast.LShift: operator.lshift, ast.RShift: operator.rshift,
}  # fmt: skip
_TEXTUAL = (str, bytes)
_WIDE = re.compile(r"%[^A-Za-z%]*\d{4}")
"""A directive with a width or precision of a thousand characters and more."""
_BUILTINS: dict[str, Callable[..., Any]] = {
    "chr": chr, "ord": ord, "str": str, "int": int, "hex": hex, "bytes": bytes, "bool": bool, "ascii": ascii,
    "repr": repr, "len": len, "abs": abs, "bytearray": bytes, "min": min, "max": max, "float": float, "bin":
    bin,
    "oct": oct, "sum": sum, "reversed": lambda x: list(reversed(x)), "sorted": sorted, "list": list,
    "tuple": tuple, "range": lambda *x: list(range(*x)), "round": round, "slice": slice, "divmod": divmod,
    "format": lambda x, spec="": format(x, spec) if len(spec) < 4 else UNKNOWN,
    "enumerate": lambda x, start=0: list(enumerate(x, start)), "zip": lambda *x: list(zip(*x, strict=False)),
}  # fmt: skip
_LISTING = frozenset({"list", "tuple", "sorted", "reversed", "enumerate", "zip"})
_BUILDERS = frozenset({"chr", "ascii", "bytes", "bytearray", "reversed", "sorted"})


def known(value: Value) -> Any:
    """Give the Python value of a constant or of a container of constants; `UNKNOWN` where there is none."""
    return _known(value, [MOST_ITEMS])


def _known(value: Value, left: list[int]) -> Any:
    """The same for a part of a value; `left`: how many more elements are taken, those of inner containers included."""
    if isinstance(value, Const):
        return value.value
    if not isinstance(value, Bag) or not value.ordered:
        return UNKNOWN
    left[0] -= len(value.items)
    found = []
    for item in value.items if left[0] >= 0 else (UNKNOWN,):
        one = _known(item, left)
        if one is UNKNOWN:
            return UNKNOWN
        found.append(one)
    return found


def as_value(result: Any) -> Value:
    """Wrap a folded result; too large a one is a built text or nothing known."""
    if isinstance(result, str | bytes):
        return Const(result) if len(result) <= MOST_FOLDED else BUILT
    if isinstance(result, int) and result.bit_length() > MOST_BITS:
        return NUMBER
    if isinstance(result, bool | int | float | complex | slice | type(None)):
        return Const(result)
    if isinstance(result, list | tuple) and len(result) <= MOST_ITEMS:
        return Bag(tuple(as_value(item) for item in result), ordered=True)
    return UNKNOWN


def _small(op: type, left: Any, right: Any) -> bool:
    if op is ast.Mult:
        sizes = [len(one) for one in (left, right) if isinstance(one, (*_TEXTUAL, list))]
        times = [one for one in (left, right) if isinstance(one, int)]
        if sizes and times:
            return sizes[0] * max(times[0], 0) <= MOST_FOLDED
    if op is ast.Pow:
        sized = isinstance(left, int | float) and isinstance(right, int | float)
        return sized and abs(right) <= 64 and abs(left) < 1 << 32
    if op is ast.LShift:
        return isinstance(right, int) and 0 <= right < 256
    if op is ast.Mod and isinstance(left, _TEXTUAL):
        text = str(left)
        return len(left) < 256 and not any(mark in text for mark in ("*", "999", "000")) and not _WIDE.search(text)
    bound = 1 << 2048
    return not any(isinstance(one, int) and not -bound < one < bound for one in (left, right))


def joined_path(parts: list[Value]) -> Value:
    """Give the text of a path that is put together of texts and path objects."""
    found: list[Value] = [Const("")]
    for part in parts:
        added = each(text_of(part))
        if len(found) * len(added) > MOST_JOINED:
            return BUILT
        found = [_joined(one, two) for one in found for two in added]
    return join(found)


def _joined(one: Value, two: Value) -> Value:
    first, second = known(one), known(two)
    if isinstance(first, str) and isinstance(second, str):
        return as_value(posixpath.join(first, second))
    return make_text((*texts.pieces(one), "" if first == "" else "/", *texts.pieces(two)))


def binary(op: ast.operator, left: Value, right: Value) -> Value:
    """Fold `left op right`."""
    kind = type(op)
    if isinstance(left, File) or isinstance(right, File):
        return File(joined_path([left, right])) if kind is ast.Div else UNKNOWN
    if kind is ast.Mod and texts.is_textual(left) and isinstance(right, Bag):
        values = known(right)
        first = known(left)
        if isinstance(first, _TEXTUAL) and isinstance(values, list) and _small(kind, first, None):
            try:
                return as_value(first % tuple(values))
            except (TypeError, ValueError, OverflowError):
                return UNKNOWN
    one, two = known(left), known(right)
    if one is not UNKNOWN and two is not UNKNOWN and kind in _BINARY and _small(kind, one, two):
        try:
            return as_value(_BINARY[kind](one, two))
        except (TypeError, ValueError, ArithmeticError, MemoryError):
            return UNKNOWN
    if kind is ast.BitOr and isinstance(left, Bag) and isinstance(right, Bag):
        return table([left, right])
    if kind is ast.Mult:
        for repeated in (left, right):
            if isinstance(repeated, Bag):
                return Bag(repeated.items)
    if kind is ast.Add:
        if isinstance(left, Bag) and isinstance(right, Bag):
            items = left.items + right.items
            few = len(items) <= MOST_FOLDED
            return Bag(items, left.ordered and right.ordered) if few else Bag(tuple(dict.fromkeys(items)))
        if texts.is_textual(left) or texts.is_textual(right):
            return make_text(texts.pieces(left) + texts.pieces(right))
    if kind is ast.Mod and texts.is_textual(left):
        values = right.items if isinstance(right, Bag) else (right,)
        return make_text(texts.pieces(left) + tuple(part for item in values for part in texts.pieces(item)))
    if kind is ast.Mult and (texts.is_textual(left) or texts.is_textual(right)):
        return Text(texts.pieces(left if texts.is_textual(left) else right))
    return UNKNOWN


def table(parts: list[Value]) -> Value:
    """Join tables, and lists of pairs, as `dict(a, **b)` and `a | b` do."""
    keys: list[Value] = []
    items: list[Value] = []
    for part in parts:
        for one in each(part):
            if not isinstance(one, Bag):
                return texts.inner(one)
            pairs = [item for item in one.items if isinstance(item, Bag) and item.ordered and len(item.items) == 2]
            if one.keys or not one.items:
                known_keys = len(one.keys) == len(one.items)
                keys.extend(one.keys if known_keys else (UNKNOWN,) * len(one.items))
                items.extend(one.items)
            elif len(pairs) == len(one.items):
                keys.extend(pair.items[0] for pair in pairs)
                items.extend(pair.items[1] for pair in pairs)
            else:
                given = [part for item in one.items for part in (item.items if isinstance(item, Bag) else (item,))]
                keys.extend((UNKNOWN,) * len(given))
                items.extend(item if texts.is_textual(item) else texts.inner(item) for item in given)
    if len(items) > MOST_FOLDED:
        keys, items = map(list, zip(*dict.fromkeys(zip(keys, items, strict=True)), strict=True))
    return Bag(tuple(items), keys=tuple(keys), loose=len(parts) > 1)


def builtin(name: str, arguments: list[Value]) -> Value:
    """Fold a call of a pure builtin."""
    function = _BUILTINS.get(name)
    if function is None:
        return UNKNOWN
    values = [known(argument) for argument in arguments]
    if values and not any(value is UNKNOWN for value in values) and _modest(name, values):
        try:
            found = as_value(function(*values))
        except (TypeError, ValueError, ArithmeticError, LookupError, MemoryError):
            return UNKNOWN
        if found is not UNKNOWN:
            return found
    if name in _BUILDERS and arguments:
        if name in ("reversed", "sorted") and type(arguments[0]) is Bag:
            if not any(texts.is_textual(one) for item in arguments[0].items for one in each(item)):
                return Bag(arguments[0].items)
        textual = any(isinstance(one, Text | Bag) or texts.is_textual(one) for one in arguments)
        return BUILT if name == "chr" or textual else UNKNOWN
    if name in ("str", "repr", "format"):
        if not arguments or texts.may_be_text(arguments[0]):
            return BUILT if arguments else Text((None,))
        return Text(texts.pieces(arguments[0]))
    if name == "range":
        return Bag((NUMBER,))
    if name in ("next", "max", "min") and arguments:
        return element(arguments[0], "iter")
    if name in ("list", "tuple", "sorted", "set", "iter", "enumerate", "zip") and arguments:
        return Bag(tuple(element(argument, "iter") for argument in arguments))
    return UNKNOWN


def _modest(name: str, values: list[Any]) -> bool:
    if name == "range":
        return all(isinstance(one, int) and abs(one) <= MOST_FOLDED for one in values)
    if name in ("bytes", "bytearray"):
        return not isinstance(values[0], int)
    if name in _LISTING and any(isinstance(one, list | str | bytes) and len(one) > MOST_ITEMS for one in values):
        return False
    return not any(isinstance(one, int) and abs(one) >> 256 for one in values)


def element(value: Value, step: int | str) -> Value:
    """Take one step into a value: an index, `iter` (any element) or `star`."""
    found: list[Value] = []
    for one in each(value):
        if isinstance(one, Bag):
            items = one.keys if one.keys and step == "iter" else one.items
            if isinstance(step, int) and one.ordered and step < len(items):
                found.append(items[step])
            elif items:
                found.append(Bag(items) if step == "star" else join(list(items)))
            else:
                found.append(UNKNOWN)
        elif isinstance(one, Const) and isinstance(one.value, _TEXTUAL) and one.value:
            text = one.value
            found.append(Const(text[step]) if isinstance(step, int) and step < len(text) else BUILT)
        elif isinstance(one, Foreign) and one.path == "dataclasses.fields":
            found.append(one)
        elif isinstance(one, Foreign) and one.path.endswith(".parse_known_args") and step == 0:
            found.append(Foreign(one.path.replace("parse_known_args", "parse_args")))
        else:
            found.append(
                BUILT if isinstance(one, Text) and one.built else one if isinstance(one, Unknown) else texts.inner(one)
            )
    return join(found)


def grown(op: ast.operator, before: Value, added: Value) -> Value:
    """Give what `x += added` makes of one of several values: of texts, the latest grows."""
    before_texts = [one for one in each(before) if texts.is_textual(one)]
    if not before_texts:
        textual = any(map(texts.is_textual, each(added)))
        return BUILT if textual else join([before, added, UNKNOWN])
    single = len(each(added)) == 1 and (texts.is_textual(added) or added is UNKNOWN)
    if not single or has_built(before) or has_built(added):
        return BUILT
    return join([binary(op, before_texts[-1], added), PUT_IN])
