"""What is known of a value as a text: whether it may be one, its pieces, and what formatting makes of it."""

from __future__ import annotations

import re

from windtunnel.validation.policy import STANDARD_MODULES
from windtunnel.validation.python.values.lattice import (
    NUMBER,
    OPAQUE,
    PUT_IN,
    UNKNOWN,
    Const,
    File,
    Foreign,
    Inst,
    Text,
    Value,
    each,
    has_built,
    join,
    make_text,
)


def is_textual(value: Value) -> bool:
    """Recognise a string that is known, or known to be one."""
    return isinstance(value, Text) or (isinstance(value, Const) and isinstance(value.value, str | bytes))


_TEXT_SOURCES = frozenset(
    """functools.reduce numpy.str_ numpy.char numpy.strings tabulate collections.UserString
    operator.getitem""".split()
)
_NUMBERS = frozenset(
    """math cmath random statistics decimal fractions numbers datetime time zoneinfo calendar heapq bisect array
    collections itertools functools operator dataclasses abc asyncio weakref graphlib queue sys""".split()
)
"""Modules of the standard library whose results are numbers, times, or what is judged where it is put in."""
_GIVE_WHOLE_TEXT = frozenset(
    """to_string to_markdown to_html to_latex to_json as_text as_html as_latex as_csv export_text array2string
    array_str array_repr base_repr binary_repr datetime_as_string getvalue isoformat ctime month_name day_name
    day_abbr month_abbr tzname""".split()
)
"""Methods and functions of any library that put a whole text together."""
"""Modules, and functions of theirs, that may give a text: what comes out of them is not known here."""


def may_be_text(value: Value) -> bool:
    """Say whether the value may be a text that nobody can know here: made by a library, or out of sight."""
    if not isinstance(value, Foreign):
        return isinstance(value, Text) or value is OPAQUE
    parts = value.path.split(".")
    root = parts[0]
    if root in ("pandas", "sandbox"):
        return parts[-1] in _NAMING or not _GIVE_WHOLE_TEXT.isdisjoint(parts)
    if root in STANDARD_MODULES and root not in _NUMBERS:
        return True
    named = root in _TEXT_SOURCES or ".".join(parts[:2]) in _TEXT_SOURCES
    return named or not _GIVE_WHOLE_TEXT.isdisjoint(parts)


_NAMING = frozenset("columns name names str keys item tolist to_list categories levels".split())
"""What gives the names in a table, or its cells as they are."""


def inner(value: Value) -> Value:
    """Give what may be in a value of a library, or in an object of a class of the program."""
    return OPAQUE if isinstance(value, Inst) or may_be_text(value) else UNKNOWN


def pieces(value: Value) -> tuple[str | bool | None, ...]:
    """Give the pieces that a value contributes to a string."""
    if isinstance(value, File):
        return pieces(value.text)
    if isinstance(value, Text):
        return value.parts
    if isinstance(value, Const):
        constant = value.value
        return (constant.decode("latin-1") if isinstance(constant, bytes) else str(constant),)
    if all(map(is_number, each(value))):
        return (True,)
    built = any(
        isinstance(one, Inst) or may_be_text(one) or (isinstance(one, Text) and one.built) for one in each(value)
    )
    return (False,) if built else (None,)


def is_number(value: Value) -> bool:
    """Recognise what is a number, whichever one."""
    return value is NUMBER or (isinstance(value, Const) and isinstance(value.value, int | float))


_DIRECTIVE = re.compile(r"%-?[A-Za-z]")
_FORMAT = re.compile(r"(?:.?[<>=^])?[-+ ]?z?#?0?\d*[,_]?(?:\.\d+)?[bcdeEfFgGnosxX%]?")
"""How numbers and texts are formatted; any other format is a date's, or an object's own."""


def as_formatted(value: Value, spec: Value) -> tuple[str | bool | None, ...]:
    """Give the pieces of a text that a value is formatted to: of a date, the format's own too."""
    if isinstance(spec, Const) and isinstance(spec.value, str):
        if _FORMAT.fullmatch(spec.value) is None:
            return pieces(as_date([spec]))
        return (True,) if all(map(is_number, each(value))) else (None,)
    return (False,) if has_built(spec) else (None,)


def as_date(arguments: list[Value]) -> Value:
    """Give the text that `x.strftime(format)` makes: the format's own pieces, and holes for the time's."""
    found: list[Value] = []
    for one in each(arguments[0]) if arguments else ():
        if not isinstance(one, Const) or not isinstance(one.value, str):
            found.append(OPAQUE if may_be_text(one) else PUT_IN)
            continue
        parts: list[str | None] = []
        for index, piece in enumerate(_DIRECTIVE.split(one.value.replace("%%", "\1"))):
            parts += [None] if index else []
            parts += [piece.replace("\1", "%")] if piece else []
        found.append(make_text(parts))
    return join(found) if found else PUT_IN
