"""The lattice: what the analyser knows of a value. Pure data; may import nothing of the project.

`UNKNOWN` is the top of what the program computes from data; `Many` joins a few alternatives. `OPAQUE` may be a text
that was made where this analysis does not see, and is never good enough for a name or a template.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from windtunnel.validation.python.program.model import Scope

PYPLOT = "matplotlib.pyplot"
MOST_ALTERNATIVES = 24
MOST_FOLDED = 4096


class Value:
    """Base of all abstract values."""

    __slots__ = ()


class Unknown(Value):
    """Anything that the program computes from data, or that is made out of sight."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "OPAQUE" if self is OPAQUE else "UNKNOWN"


UNKNOWN = Unknown()
OPAQUE = Unknown()
"""Anything, and perhaps a text that was made where this analysis does not see: by a library, a decorator, an exception,
a class with hooks. It is never good enough for a name, a template, an expression or a back end."""


@dataclass(slots=True, frozen=True, eq=False)
class Const(Value):
    """A constant known by its value: str, bytes, int, float, bool, None, slice or a tuple of those."""

    value: Any


@dataclass(slots=True, frozen=True, eq=False)
class Text(Value):
    """A string built of known pieces and holes.

    A hole is None (a value put in), True (a number, or pieces of the string itself again) or False (a piece that was
    built so that it cannot be read).
    """

    parts: tuple[str | bool | None, ...]

    @property
    def built(self) -> bool:
        """Say whether a piece was assembled by the program so that it cannot be read."""
        return False in self.parts

    @property
    def computed(self) -> bool:
        """Say whether the string is known but for numbers: nothing put in can be a text."""
        return not self.built and None not in self.parts

    @property
    def known(self) -> str:
        """The known pieces, joined by a character that no identifier has."""
        return "\x00".join(part for part in self.parts if isinstance(part, str))


def make_text(parts: Iterable[str | bool | None]) -> Text:
    """Build a `Text`, known neighbours joined; past 64 pieces the rest counts as built."""
    joined: list[str | bool | None] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        elif part is not False or not joined or joined[-1] is not False:
            joined.append(part)
        if len(joined) > 64:
            return BUILT
    return Text(tuple(joined)) if joined != [False] else BUILT


BUILT = Text((False,))
PUT_IN = Text((None,))


@dataclass(slots=True, frozen=True, eq=False)
class Module(Value):
    """An imported module, by its full name."""

    path: str


@dataclass(slots=True, frozen=True, eq=False)
class Lib(Value):
    """A public name of a module: a class, a function or a constant."""

    path: str


@dataclass(slots=True, frozen=True, eq=False)
class Foreign(Value):
    """What calling a library's name gave, or an attribute of that."""

    path: str


@dataclass(slots=True, frozen=True, eq=False)
class File(Value):
    """A path object of `pathlib`, by the text that it stands for: a `Const`, a `Text` or `Many` of them."""

    text: Value


@dataclass(slots=True, frozen=True, eq=False)
class Builtin(Value):
    """A builtin function or type."""

    name: str


@dataclass(slots=True, frozen=True, eq=False)
class Danger(Value):
    """A value whose reading has been reported; `what` names it."""

    what: str
    line: int


@dataclass(slots=True, frozen=True, eq=False)
class Func(Value):
    """A function or lambda of the program."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    scope: Scope


@dataclass(slots=True, frozen=True, eq=False)
class Class(Value):
    """A class of the program."""

    scope: Scope


@dataclass(slots=True, frozen=True, eq=False)
class Inst(Value):
    """An object of a class of the program."""

    scope: Scope


@dataclass(slots=True, frozen=True, eq=False)
class Bag(Value):
    """A container and what is known of its elements; `ordered` for a list or tuple written out."""

    items: tuple[Value, ...]
    ordered: bool = False
    keys: tuple[Value, ...] = ()
    loose: bool = False
    """More may be in it, or elsewhere in it, than was written out."""


@dataclass(slots=True, frozen=True, eq=False)
class Method(Value):
    """An attribute of a known value, not called yet."""

    owner: Value
    name: str


@dataclass(slots=True, frozen=True, eq=False)
class Many(Value):
    """One of several."""

    values: tuple[Value, ...]


NUMBER = Foreign("numbers.Number")
"""A number of which nothing else is known."""
TRUE, FALSE, NONE = Const(True), Const(False), Const(None)


def each(value: Value) -> tuple[Value, ...]:
    """Give the alternatives of a value."""
    return value.values if isinstance(value, Many) else (value,)


def _key(value: Value) -> object:
    """Give what two values share if they say the same."""
    if isinstance(value, Text):
        return Text, value.parts
    if isinstance(value, Const):
        constant = value.value
        return (Const, type(constant), constant) if constant.__hash__ else id(value)
    if isinstance(value, Module | Lib | Foreign):
        return type(value), value.path
    if isinstance(value, Builtin):
        return Builtin, value.name
    if isinstance(value, Func):
        return Func, id(value.node)
    if isinstance(value, Class | Inst):
        return type(value), id(value.scope)
    return id(value)


def join(values: list[Value]) -> Value:
    """Join alternatives. Past the bound the plain ones fall to `UNKNOWN`; those to be followed stay."""
    if len(values) == 1:
        return values[0]
    values = list({id(value): value for value in values}.values())
    if not values:
        return UNKNOWN
    if len(values) == 1:
        return values[0]
    if type(values[0]) is Many and all(one in values[0].values for one in values[1:]):
        return values[0]
    found: dict[object, Value] = {}
    for value in values:
        for one in each(value):
            found.setdefault(_key(one), one)
    if len(found) == 1:
        return next(iter(found.values()))
    if len(found) > MOST_ALTERNATIVES:
        followed = [one for one in found.values() if isinstance(one, Module | Builtin | Danger | Lib | Method)]
        return Many((OPAQUE if has_built(Many(tuple(found.values()))) else UNKNOWN, *followed[: 4 * MOST_ALTERNATIVES]))
    return Many(tuple(found.values()))


def text_of(value: Value) -> Value:
    """Give a path object as its text, and any other value as it is."""
    if isinstance(value, File):
        return value.text
    if isinstance(value, Many) and any(isinstance(one, File) for one in value.values):
        return join([text_of(one) for one in value.values])
    return value


def inside(value: Value, most_depth: int | None = None, *, keys: bool = False) -> Iterator[Value]:
    """Give the alternatives of a value and, so many levels deep, those in its containers.

    Each is given once: containers that hold one another many times have more paths than can be walked.
    """
    if not isinstance(value, Bag | Many):
        yield value
        return
    level: list[Value] = [value]
    seen, depth = set[int](), 0
    while level:
        inner: list[Value] = []
        for one in (one for outer in level for one in each(outer)):
            if id(one) in seen:
                continue
            seen.add(id(one))
            yield one
            if isinstance(one, Bag) and depth != most_depth:
                inner += one.items + one.keys if keys else one.items
        level, depth = inner, depth + 1


def strings(value: Value) -> Iterator[str]:
    """Give every constant string in a value, containers and their keys included, three levels deep."""
    for one in inside(value, 3, keys=True):
        for text in each(one.text) if isinstance(one, File) else (one,):
            if isinstance(text, Const) and isinstance(text.value, str):
                yield text.value


def has_built(value: Value) -> bool:
    """Say whether a string in the value was made so that it cannot be read."""
    return any(one is OPAQUE or (isinstance(one, Text) and one.built) for one in inside(value))
