"""Where the arguments of calls go, followed once the walk has found all functions of the program.

Arguments of the program's functions go to their parameters; what a library may keep or change leads to `LOST`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any

from windtunnel.validation.python.program.container_names import LITERALS, TAKERS, roots
from windtunnel.validation.python.program.container_sharing import CHANGERS, LOST, Sharing
from windtunnel.validation.python.program.model import Function

MOST_NAMESAKES = 8
"""Functions of one name whose parameters are told apart."""

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


class Arguments:
    """Adds the flows through calls to the others."""

    def __init__(self, sharing: Sharing) -> None:
        self._sharing = sharing
        self._callbacks = self._aliases(sharing.functions.keys() | sharing.classes.keys())
        """Names under which functions of the program are known."""

    def follow(self, reads: dict[str, int], calls: dict[str, Any]) -> None:
        """Follow the arguments of all calls to the parameters of the program's functions."""
        rebound = self._sharing.rebound | self._sharing.functions.keys()
        for name, node in self._sharing.calls:
            if name in rebound or not ((name in _READERS or name in TAKERS) and isinstance(node.func, ast.Name)):
                self._arguments(name, node)
        for name in self._sharing.functions:
            if name.startswith("__") or reads.get(name, 0) > len(calls.get(name, ())):
                self._sharing.flow.setdefault(name + "()", set()).add(LOST)
        self._operators()
        for name in self._sharing.nested:
            for target in self._sharing.deep.get(name, ()):
                self._sharing.flow.setdefault(name, set()).add(target)

    def _aliases(self, names: Iterable[str]) -> frozenset[str]:
        """Give the identifiers that what has one of the names may be known by."""
        stack, found = list(names), set(names)
        while stack:
            more = self._sharing.flow.get(stack.pop(), set()) - found - {LOST}
            found |= more
            stack.extend(more)
        return frozenset(found)

    def _operators(self) -> None:
        """An operator of the program's own that changes its operand may change any container."""
        sharing = self._sharing
        for name, functions in sharing.functions.items():
            if not name.startswith("__") or name in ("__setattr__", "__exit__", "__post_init__", "__new__"):
                continue
            for function, bound in functions:
                for one in function.args.args[bound:]:
                    if one.arg in sharing.changed or not sharing.changed.isdisjoint(sharing.flow.get(one.arg, ())):
                        sharing.everything |= name != "__setitem__" or one.arg in sharing.changed

    def _arguments(self, name: str, node: ast.Call) -> None:
        functions = self._sharing.functions.get(name, [])
        holder = self._sharing.classes.get(name)
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
                (self._sharing.flow if inside and not deep else self._sharing.deep).setdefault(root, set()).add(LOST)

    def _is_library(self, name: str, callee: ast.expr) -> bool:
        """Recognise a library's function or method that does not change the containers it is given."""
        sharing = self._sharing
        if isinstance(callee, ast.Attribute):
            if name in CHANGERS:
                return True
            if name in _METHODS and name not in sharing.given and not sharing.unnamed:
                return True
        elif name in _METHODS and name not in sharing.rebound and name not in sharing.modules:
            return True
        first: ast.AST = callee
        while isinstance(first, ast.Attribute):
            first = first.value
        if not isinstance(first, ast.Name) or first.id in sharing.rebound:
            return False
        return sharing.modules.get(first.id, "") in _LIBRARIES

    def _is_callback(self, node: ast.AST) -> bool:
        """Recognise an argument that may be, or hold, a function of the program: it may get the other arguments."""
        if not self._callbacks and not isinstance(node, ast.Lambda):
            return False
        if isinstance(node, ast.Name | ast.Constant):
            return getattr(node, "id", None) in self._callbacks
        parts = list(ast.walk(node))
        called = {part.func for part in parts if isinstance(part, ast.Call)}
        return any(
            isinstance(part, ast.Lambda)
            or (isinstance(part, ast.Name) and part.id in self._callbacks)
            or (isinstance(part, ast.Attribute) and part.attr in self._callbacks)
            for part in parts if part not in called
        )  # fmt: skip

    def _fields(self, node: ast.Call) -> None:
        for one in node.args:
            self._sharing.move(one, LOST)
        for keyword in node.keywords:
            self._sharing.move(keyword.value, keyword.arg or LOST)

    def _parameters(self, function: Function, node: ast.Call, bound: bool) -> None:
        args = function.args
        names = [one.arg for one in (*args.posonlyargs, *args.args)][bound:]
        rest = args.vararg.arg if args.vararg is not None else LOST
        for index, one in enumerate(node.args):
            if not isinstance(one, ast.Constant):
                placed = index < len(names) and not isinstance(one, ast.Starred)
                self._sharing.move(one, names[index] if placed else rest)
        named = {one.arg for one in (*args.args, *args.kwonlyargs)}
        other = args.kwarg.arg if args.kwarg is not None else LOST
        for keyword in node.keywords:
            if not isinstance(keyword.value, ast.Constant):
                if keyword.arg is None:
                    self._sharing.unpack(keyword.value, other)
                else:
                    self._sharing.move(keyword.value, keyword.arg if keyword.arg in named else other)


def _is_of_text(callee: ast.expr) -> bool:
    """Recognise a method of a text that is written out: `", ".join(names)`."""
    return isinstance(callee, ast.Attribute) and isinstance(callee.value, ast.JoinedStr | ast.Constant)
