"""Which containers may be changed behind a name's back, found during the one walk of the program.

A container is known by the identifier (variable, parameter or attribute) that holds it. `flow` edges say under
which other identifier the same object may be changed; `deep` edges say the same of its elements. What is stored
under a container's own name is remembered with its value; whatever cannot be followed leads to `LOST`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from windtunnel.validation.python.identifiers import EVERY, LITERALS, TAKERS, around, is_flat, literal_text, roots
from windtunnel.validation.python.program import Function, Scope

LOST = "!"
"""Where a container goes that something unseen may change."""
MOST_NAMESAKES = 8
"""Functions of one name whose parameters are told apart."""
MOST_ALIASES = 64
"""Names of one container that are followed."""

_GROW = frozenset("append add appendleft insert setdefault extend extendleft update".split())
_SPREAD = frozenset({"extend", "extendleft", "update"})
_REORDER = frozenset("sort reverse pop remove clear rotate popleft popitem discard".split())
_CHANGERS = _GROW | _REORDER | {"__setitem__", "__iadd__", "__ior__", "__delitem__", "__imul__"}
_READERS = frozenset(
    """len print sum any all range isinstance str repr type id bool int float abs hash callable round hasattr
    getattr format issubclass vars""".split()
)
_LIBRARIES = frozenset(
    """numpy pandas scipy matplotlib sklearn statsmodels math json statistics datetime re string logging decimal
    fractions time lightgbm xgboost polars plotly seaborn mplfinance talib pandas_ta pandas_ta_classic arch hmmlearn
    cvxpy tabulate tqdm""".split()
)
_METHODS = frozenset(
    """agg aggregate transform rename map replace isin drop groupby pivot_table reindex assign sort_values dropna
    fillna merge join set_index reset_index query eval plot hist bar fit predict fit_transform fit_predict legend
    set_xticks set_xticklabels set_yticks set_yticklabels astype loc format index count startswith endswith
    intersection union difference symmetric_difference issubset issuperset info debug warning error resample
    rolling apply filter pipe score quantile get""".split()
)


_CONSUMERS = frozenset(
    """agg aggregate rename groupby pivot_table sort_values drop dropna set_index reset_index reindex astype isin query
    plot hist bar legend set_xticks set_xticklabels set_yticks set_yticklabels resample info debug warning
    error""".split()
)
"""Of these methods, those whose results hold nothing of what they were given."""


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
        self.callbacks: frozenset[str] = frozenset()
        """Names under which functions of the program are known."""
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
        if node.attr in _CHANGERS:
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
            if name in _CHANGERS:
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

    def finish(self, reads: dict[str, int], calls: dict[str, Any]) -> None:
        """Follow the arguments of all calls to the parameters of the program's functions."""
        rebound = self.rebound | self.functions.keys()
        self.callbacks = self._aliases(self.functions.keys() | self.classes.keys())
        for name, node in self.calls:
            if name in rebound or not ((name in _READERS or name in TAKERS) and isinstance(node.func, ast.Name)):
                self._arguments(name, node)
        for name in self.functions:
            if name.startswith("__") or reads.get(name, 0) > len(calls.get(name, ())):
                self.flow.setdefault(name + "()", set()).add(LOST)
        self._operators()
        for name in self.nested:
            for target in self.deep.get(name, ()):
                self.flow.setdefault(name, set()).add(target)

    def _aliases(self, names: Iterable[str]) -> frozenset[str]:
        """Give the identifiers that what has one of the names may be known by."""
        stack, found = list(names), set(names)
        while stack:
            more = self.flow.get(stack.pop(), set()) - found - {LOST}
            found |= more
            stack.extend(more)
        return frozenset(found)

    def _operators(self) -> None:
        """An operator of the program's own that changes its operand may change any container."""
        for name, functions in self.functions.items():
            if not name.startswith("__") or name in ("__setattr__", "__exit__", "__post_init__", "__new__"):
                continue
            for function, bound in functions:
                for one in function.args.args[bound:]:
                    if one.arg in self.changed or not self.changed.isdisjoint(self.flow.get(one.arg, ())):
                        self.everything = self.everything or name != "__setitem__" or one.arg in self.changed

    def _arguments(self, name: str, node: ast.Call) -> None:
        functions = self.functions.get(name, [])
        holder = self.classes.get(name)
        if holder is not None and not functions:
            self._fields(node)
            return
        if 0 < len(functions) <= MOST_NAMESAKES:
            for function, bound in functions:
                self._parameters(function, node, bound)
            return
        spread = [keyword.value for keyword in node.keywords if keyword.arg is None]
        given = (*node.args, *(keyword.value for keyword in node.keywords))
        kept = self._is_library(name, node.func) and not any(map(self._is_callback, given))
        if kept and (name in _CONSUMERS or _is_of_text(node.func)):
            return
        for one in given:
            if isinstance(one, ast.Constant):
                continue
            inside = not kept or type(one) in LITERALS
            for root, deep in roots(one, one in spread):
                (self.flow if inside and not deep else self.deep).setdefault(root, set()).add(LOST)

    def _is_library(self, name: str, callee: ast.expr) -> bool:
        """Recognise a library's function or method that does not change the containers it is given."""
        if isinstance(callee, ast.Attribute):
            if name in _CHANGERS:
                return True
            if name in _METHODS and name not in self.given and not self.unnamed:
                return True
        elif name in _METHODS and name not in self.rebound and name not in self.modules:
            return True
        first: ast.AST = callee
        while isinstance(first, ast.Attribute):
            first = first.value
        return isinstance(first, ast.Name) and first.id not in self.rebound and self.modules.get(first.id) in _LIBRARIES

    def _is_callback(self, node: ast.AST) -> bool:
        """Recognise an argument that may be, or hold, a function of the program: it may get the other arguments."""
        if not self.callbacks and not isinstance(node, ast.Lambda):
            return False
        if isinstance(node, ast.Name | ast.Constant):
            return getattr(node, "id", None) in self.callbacks
        parts = list(ast.walk(node))
        called = {part.func for part in parts if isinstance(part, ast.Call)}
        return any(
            isinstance(part, ast.Lambda)
            or (isinstance(part, ast.Name) and part.id in self.callbacks)
            or (isinstance(part, ast.Attribute) and part.attr in self.callbacks)
            for part in parts if part not in called
        )  # fmt: skip

    def _fields(self, node: ast.Call) -> None:
        for one in node.args:
            self.move(one, LOST)
        for keyword in node.keywords:
            self.move(keyword.value, keyword.arg or LOST)

    def _parameters(self, function: Function, node: ast.Call, bound: bool) -> None:
        args = function.args
        names = [one.arg for one in (*args.posonlyargs, *args.args)][bound:]
        rest = args.vararg.arg if args.vararg is not None else LOST
        for index, one in enumerate(node.args):
            if not isinstance(one, ast.Constant):
                self.move(one, names[index] if index < len(names) and not isinstance(one, ast.Starred) else rest)
        named = {one.arg for one in (*args.args, *args.kwonlyargs)}
        other = args.kwarg.arg if args.kwarg is not None else LOST
        for keyword in node.keywords:
            if not isinstance(keyword.value, ast.Constant):
                if keyword.arg is None:
                    self.unpack(keyword.value, other)
                else:
                    self.move(keyword.value, keyword.arg if keyword.arg in named else other)

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


def _is_of_text(callee: ast.expr) -> bool:
    """Recognise a method of a text that is written out: `", ".join(names)`."""
    return isinstance(callee, ast.Attribute) and isinstance(callee.value, ast.JoinedStr | ast.Constant)
