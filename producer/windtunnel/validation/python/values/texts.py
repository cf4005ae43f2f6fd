"""What is known of a value as a text: whether it may be one, and the pieces that it gives to a larger one."""

from __future__ import annotations

from windtunnel.validation.policy import STANDARD_MODULES
from windtunnel.validation.python.values.lattice import (
    NUMBER,
    OPAQUE,
    UNKNOWN,
    Const,
    File,
    Foreign,
    Inst,
    Text,
    Value,
    each,
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
