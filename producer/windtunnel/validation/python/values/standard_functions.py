"""What standard functions give that pass on what they are given: elements of containers, texts put together.

What they give is followed as if the program had taken it itself.
"""

from __future__ import annotations

import ast
from typing import Final

from windtunnel.validation.python.values import folding, texts
from windtunnel.validation.python.values.lattice import BUILT, OPAQUE, Bag, Foreign, Value, inside

_ONE_OF = frozenset("random.choice heapq.heappop heapq.heappushpop heapq.heapreplace statistics.mode".split())
_SOME_OF = frozenset(
    """random.choices random.sample heapq.nlargest heapq.nsmallest heapq.merge itertools.chain itertools.islice
    itertools.cycle itertools.takewhile itertools.dropwhile itertools.filterfalse itertools.compress itertools.repeat
    itertools.chain.from_iterable statistics.multimode""".split()
)
_TUPLES_OF = frozenset("itertools.combinations itertools.permutations itertools.pairwise itertools.groupby".split())
_PRODUCTS = frozenset({"itertools.product", "itertools.zip_longest"})
_OPERATORS: Final[dict[str, ast.operator]] = {
    "operator.add": ast.Add(),
    "operator.concat": ast.Add(),
    "operator.iadd": ast.Add(),
    "operator.iconcat": ast.Add(),
    "operator.mod": ast.Mod(),
    "operator.imod": ast.Mod(),
    "operator.mul": ast.Mult(),
    "operator.imul": ast.Mult(),
}
_MOST_DEPTH = 3


def result(path: str, arguments: list[Value]) -> Value | None:
    """Give what a standard function, known by its full name, gives for its arguments; None for any other."""
    if path in _OPERATORS and len(arguments) == 2:
        return folding.binary(_OPERATORS[path], *arguments)
    if path == "time.strftime":
        return texts.as_date(arguments)
    if path in _PRODUCTS and arguments:
        return Bag((Bag(tuple(_element(one) for one in arguments), ordered=True),))
    if path == "itertools.accumulate":
        return Bag((OPAQUE,)) if any(_holds_text(one) for one in arguments) else Foreign(path)
    if path in _TUPLES_OF and arguments:
        return Bag((Bag((_element(arguments[0]),)),))
    if path == "collections.defaultdict":
        return folding.table(arguments[1:]) if len(arguments) > 1 else Bag(())
    if path == "collections.OrderedDict":
        return folding.table(arguments) if arguments else Bag(())
    if path == "collections.deque":
        return Bag((_element(arguments[0]),)) if arguments else Bag(())
    if path in _ONE_OF and arguments:
        return _element(arguments[0])
    if path in _SOME_OF and arguments:
        given = arguments[1:] if path in ("heapq.nlargest", "heapq.nsmallest") else arguments
        items = [_element(one) for one in given]
        if path == "itertools.chain.from_iterable":
            items = [_element(one) for one in items]
        return Bag(tuple(items))
    return None


def _element(value: Value) -> Value:
    """Give any element of a container; of a text, a piece that cannot be read."""
    return BUILT if texts.is_textual(value) else folding.element(value, "iter")


def _holds_text(value: Value) -> bool:
    return any(texts.is_textual(one) or texts.may_be_text(one) for one in inside(value, _MOST_DEPTH))
