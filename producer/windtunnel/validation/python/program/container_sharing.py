"""Which containers may be changed behind a name's back, found during the one walk of the program.

A container is known by the identifier (variable, parameter or attribute) that holds it. `flow` edges say under
which other identifier the same object may be changed; `deep` edges say the same of its elements. What is stored
under a container's own name is remembered with its value; whatever cannot be followed leads to `LOST`.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from windtunnel.validation.python.program.container_names import EVERY, LITERALS, around, is_flat, literal_text, roots
from windtunnel.validation.python.program.model import Function, Scope

LOST = "!"
"""Where a container goes that something unseen may change."""
MOST_ALIASES = 64
"""Names of one container that are followed."""

_GROW = frozenset("append add appendleft insert setdefault extend extendleft update".split())
_SPREAD = frozenset({"extend", "extendleft", "update"})
_REORDER = frozenset("sort reverse pop remove clear rotate popleft popitem discard".split())
CHANGERS = _GROW | _REORDER | {"__setitem__", "__iadd__", "__ior__", "__delitem__", "__imul__"}


@dataclass(slots=True)
class Store:
    """A value put into a container under the container's own name."""

    value: ast.AST
    scope: Scope
    path: tuple[int | str, ...] = ()
    key: ast.AST | None = None
    spread: bool = False
    grows: bool = False


class Sharing:
    """The flows of containers between identifiers."""

    def __init__(self) -> None:
        self.flow: dict[str, set[str]] = {}
        self.deep: dict[str, set[str]] = {}
        self.stores: dict[str, list[Store]] = {}
        self.changed: set[str] = set()
        self.nested: set[str] = {EVERY}
        self.calls: list[tuple[str, ast.Call]] = []
        self.functions: dict[str, list[tuple[Function, bool]]] = {}
        self.classes: dict[str, ast.ClassDef] = {}
        self.modules: dict[str, str] = {}
        self.rebound: set[str] = set()
        """Names that the program binds to values of its own."""
        self.given: set[str] = set()
        """Attributes that the program binds to values of its own."""
        self.unnamed = False
        """Attributes are bound by names that are not written out."""
        self.everything = False
        self.untold: set[str] = set()
        """Names of containers that change in a way that is not remembered as a store."""
        self._lost: set[str] | None = None
        self._reached: dict[str, list[Store] | None] = {}

    def move(self, node: ast.AST | None, target: str) -> None:
        """Note that what an expression gives is known as `target` too."""
        if isinstance(node, ast.Constant) or node is None:
            return
        if isinstance(node, ast.List | ast.Dict | ast.Set) and not is_flat(node):
            self.nested.add(target)
        for name, deep in roots(node):
            if name != target or deep:
                (self.deep if deep else self.flow).setdefault(name, set()).add(target)

    def unpack(self, node: ast.AST, target: str) -> None:
        """Note that the elements of what an expression gives are known as `target`."""
        for name, deep in roots(node):
            direct = not deep and isinstance(node, ast.List | ast.Tuple | ast.Set | ast.Dict)
            (self.flow if direct else self.deep).setdefault(name, set()).add(target)

    def store(self, base: ast.AST, store: Store) -> None:
        """Note a value that is put into a container."""
        name = base.id if isinstance(base, ast.Name) else base.attr if isinstance(base, ast.Attribute) else None
        if name is not None and name != "__dict__":
            self.stores.setdefault(name, []).append(store)
            self.changed.add(name)
            if isinstance(store.value, _PLAIN):
                return
            if store.spread:
                self.unpack(store.value, name)
            else:
                self.move(store.value, name)
            if not (store.spread and isinstance(store.value, LITERALS) and is_flat(store.value)):
                self.nested.add(name)
            return
        inner = around(base)
        if inner is not base and isinstance(inner, ast.Name):
            # What grows within a container is followed as if it were put into the container itself.
            spread = store.spread or store.path != ()
            self.stores.setdefault(inner.id, []).append(Store(store.value, store.scope, store.path, spread=spread))
            self.changed.add(inner.id)
            self.nested.add(inner.id)
            if not isinstance(store.value, ast.Constant):
                self.move(store.value, inner.id)
            return
        self.move(store.value, LOST)
        for root, _ in roots(base):
            self.changed.add(root)
            self.flow.setdefault(root, set()).add(LOST)

    def attribute(self, node: ast.Attribute) -> None:
        """Note a method that changes its container and is not called here."""
        if node.attr in CHANGERS:
            for name, _ in roots(node.value):
                self.flow.setdefault(name, set()).add(LOST)

    def call(self, node: ast.Call, scope: Scope) -> None:
        """Note what a call does with the containers that it is given."""
        callee = node.func
        if isinstance(callee, ast.Name):
            name = callee.id
            if name == "setattr" and len(node.args) == 3:
                self._setattr(node)
                return
        elif isinstance(callee, ast.Attribute):
            name = callee.attr
            if name in CHANGERS:
                self._change(node, callee, name, scope)
        else:
            name = ""
        if any(not isinstance(one, ast.Constant) for one in node.args) or any(
            not isinstance(one.value, ast.Constant) for one in node.keywords
        ):
            self.calls.append((name, node))

    def _setattr(self, node: ast.Call) -> None:
        name = literal_text(node.args[1])
        if name is None:
            self.unnamed = True
        else:
            self.given.add(name)
        self.move(node.args[2], LOST if name is None else name)

    def _change(self, node: ast.Call, callee: ast.Attribute, name: str, scope: Scope) -> None:
        base = callee.value
        if name in _REORDER:
            for root, deep in roots(base):
                self.changed.add(root)
                if deep:
                    self.flow.setdefault(root, set()).add(LOST)
            return
        if name not in _GROW:
            for root, _ in roots(base):
                self.flow.setdefault(root, set()).add(LOST)
            return
        given = node.args[-1:] if name in ("insert", "setdefault") else node.args
        key = node.args[0] if name == "setdefault" and len(node.args) > 1 else None
        for one in given:
            self.store(base, Store(one, scope, key=key, spread=name in _SPREAD))
        for keyword in node.keywords:
            named = ast.Constant(keyword.arg) if keyword.arg else None
            self.store(base, Store(keyword.value, scope, key=named, spread=keyword.arg is None))

    def lose(self, name: str) -> None:
        """Give up following a container."""
        if self._lost is None:
            self._lost = self._find_lost()
        self._lost.add(name)

    def is_lost(self, name: str) -> bool:
        """Say whether a container of this name may be changed where that is not seen."""
        if self._lost is None:
            self._lost = self._find_lost()
        return self.everything or name in self._lost

    def reached(self, name: str) -> list[Store] | None:
        """Give what is put into a container under any name it may have; None where nothing changes it.

        Past a bound the container counts as lost.
        """
        if name not in self._reached:
            stack, seen = [name], {name}
            while stack and len(seen) <= MOST_ALIASES:
                more = self.flow.get(stack.pop(), set()) - seen - {LOST}
                seen |= more
                stack.extend(more)
            if stack:
                self.lose(name)
            changed = seen & self.changed
            found = [store for one in sorted(changed) for store in self.stores.get(one, ())]
            self._reached[name] = found if changed else None
        return self._reached[name]

    def _find_lost(self) -> set[str]:
        """Walk the flows backwards from what is changed: linear in their number."""
        sources: dict[str, list[str]] = {}
        for name, targets in self.flow.items():
            for target in targets:
                if target != name:
                    sources.setdefault(target, []).append(name)
        stack = [LOST, *self.untold]
        lost: set[str] = set()
        while stack:
            for name in sources.pop(stack.pop(), ()):
                lost.add(name)
                stack.append(name)
        return lost


_PLAIN = (ast.Constant, ast.JoinedStr, ast.Compare)
"""Expressions that give no container."""
