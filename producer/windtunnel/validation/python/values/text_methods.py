"""Folds calls of pure methods of constant texts, and of the types str, bytes and int. Bounded; never raises."""

from __future__ import annotations

import re
import string
from typing import Any

from windtunnel.validation.python.values import folding, texts
from windtunnel.validation.python.values.lattice import (
    BUILT,
    MOST_FOLDED,
    UNKNOWN,
    Bag,
    Const,
    Text,
    Value,
    each,
    join,
    make_text,
)

PURE_METHODS = frozenset(
    """join format replace lower upper swapcase title capitalize casefold strip lstrip rstrip removeprefix
    removesuffix encode decode split rsplit splitlines partition rpartition zfill center ljust rjust hex
    fromhex
    translate expandtabs index find count startswith endswith to_bytes maketrans format_map""".split()
)
_GIVE_TEXT = PURE_METHODS - set("index find count startswith endswith split rsplit partition".split())
_CODECS = frozenset("utf-8 utf8 ascii latin-1 latin1 utf-16 utf-32 unicode-escape iso-8859-1 cp1252 utf-7".split())


def fold(owner: Any, name: str, arguments: list[Value], keywords: dict[str, Value]) -> Value:
    """Fold a call of a pure method of a constant (or of the types str, bytes and int)."""
    values = [folding.known(argument) for argument in arguments]
    named = {key: folding.known(value) for key, value in keywords.items()}
    text = isinstance(owner, str | bytes) or owner in (str, bytes)
    ready = not any(one is UNKNOWN for one in (*values, *named.values()))
    if ready and _fits(owner, name, values):
        try:
            if name != "format_map":
                return folding.as_value(getattr(owner, name)(*values, **named))
        except (TypeError, ValueError, ArithmeticError, LookupError, MemoryError, AttributeError):
            return BUILT if name in _GIVE_TEXT else UNKNOWN
    if not text or name not in _GIVE_TEXT:
        return UNKNOWN
    if name == "format" and isinstance(owner, str):
        return make_text((owner, *(part for one in (*arguments, *keywords.values()) for part in texts.pieces(one))))
    if name == "join" and len(arguments) == 1 and type(arguments[0]) is Bag and arguments[0].ordered:
        return make_text(part for one in arguments[0].items for part in (*texts.pieces(one), str(owner)))
    if name == "join" and arguments and any(map(str.isspace, str(owner))):
        apart = _apart(str(owner), _elements(arguments[0]))
        if apart is not None:
            return apart
    if name == "join" and arguments and not any(texts.is_textual(e) or e is BUILT for e in _elements(arguments[0])):
        return Text((None,))
    return BUILT


_WIDE = re.compile(r"\d{4}|\{")
"""A width or precision of a thousand and more, or one that is put in."""
_WHOLE = re.compile(r"[\w`'\"][^@]*[\w`'\")\]]|\w")
_FIELD_OF_WIDTH = re.compile(r"[^._\[@]*")


def _apart(separator: str, elements: list[Value]) -> Value | None:
    """Join whole pieces of an unknown order whose words the separator keeps apart; None for any others."""
    rest = None if UNKNOWN in elements else True
    parts: list[str | bool | None] = [rest]
    for one in elements:
        if isinstance(one, Const) and isinstance(one.value, str) and _WHOLE.fullmatch(one.value):
            parts += [separator, one.value, separator, rest]
        elif isinstance(one, Text) and not one.built and _FIELD_OF_WIDTH.fullmatch(one.known):
            parts += [separator, *one.parts, separator, rest]
        elif one is not UNKNOWN:
            return None
    return make_text(parts) if len(parts) > 1 else None


def _elements(value: Value) -> list[Value]:
    """Give the elements of a container; of a text, pieces that cannot be read."""
    found = [item for one in each(value) if isinstance(one, Bag) for item in each(join_items(one))]
    apart = any(texts.is_textual(one) and set(texts.pieces(one)) - {None, True} for one in each(value))
    return [*found, BUILT] if apart else found


def join_items(bag: Bag) -> Value:
    """Join the elements of a container."""
    return join(list(bag.items)) if bag.items else UNKNOWN


def _fits(owner: Any, name: str, values: list[Any]) -> bool:
    if name in ("zfill", "center", "ljust", "rjust", "expandtabs", "to_bytes"):
        return all(not isinstance(one, int) or abs(one) <= 256 for one in values)
    if name == "replace" and len(values) >= 2:
        old, new = values[:2]
        alike = isinstance(owner, str | bytes) and type(owner) is type(old) is type(new)
        return alike and len(owner) + owner.count(old) * (len(new) - len(old)) <= MOST_FOLDED
    if name in ("encode", "decode"):
        return not values or str(values[0]).lower().replace("_", "-") in _CODECS
    if name == "format":
        return isinstance(owner, str) and _is_narrow(owner)
    if name == "join":
        return len(values) == 1 and len(values[0] if hasattr(values[0], "__len__") else ()) <= MOST_FOLDED
    return True


def _is_narrow(template: str) -> bool:
    """Say whether a template walks into no value and makes a text of some thousand characters at most."""
    try:
        return len(template) <= MOST_FOLDED and not any(
            "." in (field or "") or "[" in (field or "") or len(spec or "") > 6 or _WIDE.search(spec or "")
            for _, field, spec, _ in string.Formatter().parse(template)
        )
    except ValueError:
        return True  # formatting fails too
