"""What is in a container: what was written out, and what the program stores in it under any of its names."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable

from windtunnel.validation.python.program.container_sharing import Sharing, Store
from windtunnel.validation.python.program.model import Scope
from windtunnel.validation.python.values import folding, texts
from windtunnel.validation.python.values.lattice import BUILT, UNKNOWN, Bag, Value, each, join

MOST_STORES = 64


class Containers:
    """Adds to containers what is stored in them. `value_in` evaluates an expression in a scope."""

    def __init__(self, sharing: Sharing, value_in: Callable[[Scope, ast.AST], Value]) -> None:
        self._sharing = sharing
        self._value_in = value_in

    def filled(self, name: str, value: Value) -> Value:
        """Give the container called `name` with what is stored in it; one changed out of sight may hold any text."""
        if not any(isinstance(one, Bag) for one in each(value)):
            return value
        if self._sharing.is_lost(name):
            keys, items = self._stored(self._sharing.stores.get(name, []))
            keys, items = [*keys, BUILT], [*items, BUILT]
        else:
            stores = self._sharing.reached(name)
            if stores is None:
                return value
            keys, items = self._stored(stores)
        return join([_with(one, keys, items) if isinstance(one, Bag) else one for one in each(value)])

    def _stored(self, stores: list[Store]) -> tuple[list[Value], list[Value]]:
        """Evaluate what is stored: keys and items, one for one."""
        keys: list[Value] = []
        items: list[Value] = []
        for store in stores[:MOST_STORES]:
            found = self._value_in(store.scope, store.value)
            for step in store.path:
                found = folding.element(found, step)
            if store.grows:
                found = BUILT if any(map(texts.is_textual, each(found))) else UNKNOWN
            if store.spread:
                pairs = [pair for one in each(found) for pair in _pairs(one)]
                keys.extend(key for key, _ in pairs)
                items.extend(item for _, item in pairs)
            else:
                keys.append(UNKNOWN if store.key is None else self._value_in(store.scope, store.key))
                items.append(found)
        if len(stores) > MOST_STORES:
            keys.append(BUILT)
            items.append(BUILT)
        return keys, items


def _pairs(value: Value) -> Iterable[tuple[Value, Value]]:
    """Give the keys and items that a container adds to the one that it is put into whole."""
    if not isinstance(value, Bag):
        return [(UNKNOWN, BUILT if texts.is_textual(value) else UNKNOWN)]
    keyed = len(value.keys) == len(value.items)
    return zip(value.keys if keyed else (UNKNOWN,) * len(value.items), value.items, strict=True)


def _with(bag: Bag, keys: list[Value], items: list[Value]) -> Bag:
    if bag.loose and bag.items[-1] is BUILT:
        return bag
    if bag.loose and len(bag.items) > MOST_STORES:
        return _with(Bag(bag.items[:MOST_STORES]), [BUILT], [BUILT])
    own = bag.keys if len(bag.keys) == len(bag.items) else tuple(UNKNOWN for _ in bag.items)
    return Bag((*bag.items, *items), ordered=False, keys=(*own, *keys) if bag.keys else (), loose=True)
