"""The analyser's state and what a name means: scopes, bindings and values on demand.

Values are flow-insensitive joins of all that a name is ever given, evaluated when first asked for and
remembered. Only one question is answered along the flow: whether a name that hides a dangerous builtin
(`open = df["Open"]`) is surely bound where it is read.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable
from typing import Any

from windtunnel.validation.findings import Findings
from windtunnel.validation.python import folding
from windtunnel.validation.python.files import FILES
from windtunnel.validation.python.lent import lent_modules
from windtunnel.validation.python.parameters import Parameters
from windtunnel.validation.python.program import Binding, Program, Scope
from windtunnel.validation.python.tables import Tables
from windtunnel.validation.python.values import (
    BUILT,
    OPAQUE,
    UNKNOWN,
    Bag,
    Builtin,
    Class,
    Danger,
    Foreign,
    Func,
    Inst,
    Lib,
    Many,
    Method,
    Module,
    Value,
    each,
    join,
)

MOST_LAZY = 60
METACLASSES = frozenset({"abc.ABCMeta", "enum.EnumMeta", "enum.EnumType"})
_HOOKS = frozenset({"__getattr__", "__getattribute__", "__prepare__"})
_WRITING = frozenset("save savez savez_compressed savetxt savefig imsave imread".split())
MOST_BINDINGS = 16
MOST_STORES = 64
BUILTINS = frozenset(
    name
    for name, value in vars(builtins).items()
    if name.startswith("__") or (name != "_" and getattr(value, "__module__", "builtins") in ("builtins", "io", "_io"))
)
"""The language's own: what a notebook, gettext or `site` adds in this process must not change a verdict."""
Evaluator = Callable[["Analysis", Any], Value]


class Analysis:
    """One program under analysis. The rule modules take it as their first argument."""

    def __init__(self, program: Program, tables: Tables, findings: Findings) -> None:
        self.program = program
        self.tables = tables
        self.findings = findings
        self.scope = program.module
        self.expressions: dict[type, Evaluator] = {}
        self.memo: dict[ast.AST, Value] = {}
        self.names: dict[tuple[Scope, str], Value] = {}
        self.partial: dict[tuple[Scope, str], list[Value]] = {}
        self.returns: dict[ast.AST, Value | None] = {}
        self.members: dict[str, Value] = {}
        self.wild: list[Value] | None = None
        self.lazy = 0
        self.too_deep = False
        """Once true the program is refused, and nothing is evaluated ahead of its place any more."""
        self.parameters = Parameters(program, self.value_in)
        self.classes = {getattr(scope.node, "name", "") for scope in program.scopes.values() if scope.kind == "class"}
        self.foreign: dict[Scope, bool] = {}
        self.imports: set[str] = set()
        self.stars: list[str] = []
        self.written: set[str] = set()
        """Artifacts that the program has written so far: it may read them."""
        self.assigned: set[str] = set()
        """Names hiding a dangerous builtin that are surely bound here."""
        self.hidden = self._hidden()
        self.unreached = 0
        """Above zero: in code that control never reaches, or that nothing calls."""
        self._swapped: dict[ast.AST, bool] = {}
        self._lies: bool | None = None
        self.lent = lent_modules(program.module.node, program.imported, tables)
        """Modules of which a part is lent, as nothing else of them is used."""
        self.guarded = 0
        """Above zero: in the body of a `try` that goes on where an import fails."""
        self.quiet = 0
        """Above zero: inside `if TYPE_CHECKING`, which never runs."""

    def _hidden(self) -> frozenset[str]:
        sensitive = self.tables.builtins.keys() | self.tables.followed
        found: set[str] = set()
        for scope in self.program.scopes.values():
            if scope.kind in ("module", "class"):
                found |= sensitive & scope.bindings.keys()
        return frozenset(found)

    def report(self, rule: str, node: Any, message: str, **more: Any) -> None:
        """Record a finding at a node."""
        self.findings.add(rule, node, message, **more)

    def value(self, node: ast.AST) -> Value:
        """Evaluate an expression once, reporting what it breaks."""
        found = self.memo.get(node)
        if found is None:
            evaluate = self.expressions.get(type(node))
            found = self._children(node) if evaluate is None else evaluate(self, node)
            self.memo[node] = found
        return found

    def _children(self, node: ast.AST) -> Value:
        """Evaluate what a kind of node holds that this version does not know."""
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.value(child)
        return UNKNOWN

    def value_in(self, scope: Scope, node: ast.AST) -> Value:
        """Evaluate an expression that stands in another scope."""
        found = self.memo.get(node)
        if found is not None:
            return found
        outer, self.scope = self.scope, scope
        self.lazy += 1
        try:
            if self.lazy > MOST_LAZY or self.too_deep:
                self.too_deep = True
                self.report("dataflow.too_deep", node, "Values depend on each other too deeply to be followed.")
                return UNKNOWN
            return self.value(node)
        finally:
            self.lazy -= 1
            self.scope = outer

    def resolve(self, name: str) -> Scope | None:
        """Find the scope whose variable a name means here; None for a builtin or nothing."""
        scope: Scope | None = self.scope
        first = True
        while scope is not None:
            if name in scope.outer and scope.outer[name] == "global":
                scope = self.program.module
                return scope if name in scope.bindings else None
            if (first or scope.kind != "class") and name in scope.bindings:
                return scope
            if scope.kind != "comprehension":
                first = False
            scope = scope.parent
        return None

    def surely_bound(self, scope: Scope, name: str) -> bool:
        """Say whether reading the name cannot fall through to the builtin of that name."""
        if name not in self.hidden or scope.kind in ("function", "comprehension"):
            return True
        return name in self.assigned

    def variable(self, scope: Scope, name: str) -> Value:
        """Join all values that a variable is ever given."""
        key = (scope, name)
        found = self.names.get(key)
        if found is not None:
            return found
        running = self.partial.get(key)
        if running is not None:
            return join([*running, UNKNOWN])
        running = self.partial[key] = []
        for binding in scope.bindings.get(name, ()):
            found = self.bound(binding, running)
            if found not in running and not any(type(one) is Many and found in one.values for one in running):
                running.append(found)
            if len(running) > MOST_BINDINGS or (len(running) > 1 and type(found) is Many):
                running[:] = [join(running)]
        found = join(running)
        if type(found) in (Bag, Many):
            found = self.contents(name, found)
        self.names[key] = found
        del self.partial[key]
        return found

    def bound(self, binding: Binding, earlier: list[Value]) -> Value:
        """Give the value that one binding gives."""
        kind = binding.kind
        if kind == "value":
            found = self.value_in(binding.scope, binding.node)
            for step in binding.path:
                found = folding.element(found, step)
            return found
        return self._other(kind, binding, earlier)

    def _unnamed(self) -> list[Value]:
        """Give what is stored under attribute names that are not written out; each attribute may be it."""
        if self.wild is None:
            self.wild = []
            found = join([self.bound(binding, []) for binding in self.program.wild]) if self.program.wild else None
            self.wild = [] if found is None else [found]
        return self.wild

    def contents(self, name: str, value: Value) -> Value:
        """Add to a container what is stored in it; what is changed out of sight may hold any text."""
        sharing = self.program.sharing
        if not any(type(one) is Bag for one in each(value)):
            return value
        if sharing.is_lost(name):
            keys, items = self._stored(sharing.stores.get(name, ()))
            keys, items = [*keys, BUILT], [*items, BUILT]
        else:
            stores = sharing.reached(name)
            if stores is None:
                return value
            keys, items = self._stored(stores)
        return join([self._opened(one, keys, items) if type(one) is Bag else one for one in each(value)])

    def _opened(self, bag: Bag, keys: list[Value], items: list[Value]) -> Bag:
        if bag.loose and (bag.items[-1] is BUILT or len(bag.items) > MOST_STORES):
            return bag if bag.items[-1] is BUILT else self._opened(Bag(bag.items[:MOST_STORES]), [BUILT], [BUILT])
        own = bag.keys if len(bag.keys) == len(bag.items) else tuple(UNKNOWN for _ in bag.items)
        return Bag((*bag.items, *items), ordered=False, keys=(*own, *keys) if bag.keys else (), loose=True)

    def _stored(self, stores: Any) -> tuple[list[Value], list[Value]]:
        keys: list[Value] = []
        items: list[Value] = []
        for store in stores[:MOST_STORES]:
            found = self.value_in(store.scope, store.value)
            for step in store.path:
                found = folding.element(found, step)
            key = UNKNOWN if store.key is None else self.value_in(store.scope, store.key)
            if store.grows:
                found = BUILT if any(map(folding.is_textual, each(found))) else UNKNOWN
            if not store.spread:
                keys.append(key)
                items.append(found)
                continue
            for one in each(found):
                bag = type(one) is Bag
                keyed = bag and len(one.keys) == len(one.items)  # type: ignore[attr-defined]
                more = one.items if bag else (BUILT if folding.is_textual(one) else UNKNOWN,)  # type: ignore[attr-defined]
                items.extend(more)
                keys.extend(one.keys if keyed else (UNKNOWN,) * len(more))  # type: ignore[attr-defined]
        if len(stores) > MOST_STORES:
            keys.append(BUILT)
            items.append(BUILT)
        return keys, items

    def _other(self, kind: str, binding: Binding, earlier: list[Value]) -> Value:
        node: Any = binding.node
        if kind == "import":
            return self.module(str(binding.extra))
        if kind == "from":
            return self.module_member(node.module or "", str(binding.extra)) if not node.level else UNKNOWN
        if kind == "def":
            return self._defined(node)
        if kind == "class":
            return OPAQUE if self.is_swapped(node) else Class(self.program.scopes[node])
        if kind == "parameter":
            return self.parameters.value_of(binding)
        if kind == "aug":
            added = self.value_in(binding.scope, node.value)
            before = join(list(earlier)) if earlier else UNKNOWN
            if len(each(before)) == 1 and type(added) is not Many:
                return folding.binary(node.op, before, added)
            return folding.grown(node.op, before, added)
        if kind == "lost":
            return BUILT
        if kind in ("with", "match"):
            found = self.value_in(binding.scope, node)
            if type(found) is Foreign and kind == "with":
                return found
            return join([found, OPAQUE if any(type(one) is Inst for one in each(found)) else UNKNOWN])
        return OPAQUE if kind == "caught" else UNKNOWN

    def _defined(self, node: Any) -> Value:
        function = Func(node, self.program.scopes[node])
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Name) and decorator.id in ("property", "cached_property"):
                return self.returned(function)
            if not self._is_plain(decorator, self.program.scopes[node].parent or self.program.module):
                return OPAQUE
        return function

    def _is_plain(self, decorator: ast.expr, scope: Scope) -> bool:
        """Say whether a decorator gives back what it is given, but for what it does at a call."""
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(called, ast.Attribute) and called.attr in ("setter", "deleter", "getter"):
            return isinstance(called.value, ast.Name)
        value = self.value_in(scope, called)
        if type(value) is Builtin:
            return value.name in ("staticmethod", "classmethod", "property")
        return type(value) is Lib and value.path in self.tables.decorators

    def is_swapped(self, node: Any, depth: int = 0) -> bool:
        """Say whether a class may be another than the one that is written here: by a decorator or a metaclass."""
        known = self._swapped.get(node)
        if known is None:
            self._swapped[node] = depth > 8
            self._swapped[node] = known = self._find_swapped(node, depth)
        return known

    def _find_swapped(self, node: ast.ClassDef, depth: int) -> bool:
        scope = self.program.scopes[node].parent or self.program.module
        if any(not self._is_plain(one, scope) for one in node.decorator_list):
            return True
        for keyword in node.keywords:
            if keyword.arg in ("metaclass", None):
                value = self.value_in(scope, keyword.value)
                if not (type(value) is Lib and value.path in METACLASSES):
                    return True
        for base in node.bases:
            for one in each(self.value_in(scope, base)):
                if one is OPAQUE or (type(one) is Class and self.is_swapped(one.scope.node, depth + 1)):
                    return True
        return False

    def lies(self) -> bool:
        """Say whether attributes may be others than those that the program assigns: by hooks, or by a library."""
        if self._lies is None:
            self._lies = False
            classes = [scope for scope in self.program.scopes.values() if scope.kind == "class"]
            hooked = any(not _HOOKS.isdisjoint(scope.bindings) for scope in classes)
            self._lies = hooked or self.program.filled or any(self.is_swapped(scope.node) for scope in classes)
        return self._lies

    def module(self, path: str) -> Value:
        """Give the value of an imported module; one that may not be imported is a danger already reported."""
        root = path.split(".", maxsplit=1)[0]
        tables = self.tables
        if path in tables.surface or path in tables.packages or root in tables.open or path in self.lent:
            return Module(path)
        if path in tables.aliases:
            return Module(tables.aliases[path])
        if tables.is_missing(root) and root not in tables.critical:
            return Foreign(f"missing.{path}")
        return Danger(f"module {path}", 0)

    def module_member(self, path: str, name: str) -> Value:
        """Give the value of `name` in an allowed module, without judging it."""
        tables = self.tables
        full = f"{path}.{name}"
        module = self.module(path)
        if type(module) is not Module:
            return Danger(full, 0) if type(module) is Danger else Foreign(f"missing.{full}")
        if module.path != path:
            return self.module_member(module.path, name)
        if full in tables.aliases:
            return Module(tables.aliases[full])
        if full in tables.surface or full in tables.packages or full in self.lent:
            return Module(full)
        if name in tables.abbreviations and name not in tables.surface.get(path, ()):
            return Danger(full, 0)
        return Lib(full)

    def returned(self, function: Func) -> Value:
        """Join what a function of the program returns."""
        node = function.node
        if node in self.returns:
            return self.returns[node] or UNKNOWN
        self.returns[node] = None
        scope = function.scope
        if scope.yields:
            found: Value = OPAQUE
        else:
            found = join([self.value_in(scope, one) for one in scope.returns]) if scope.returns else UNKNOWN
        self.returns[node] = found
        return found

    def member(self, name: str) -> Value:
        """Join all values that an attribute of this name is ever given, on anything."""
        found = self.members.get(name)
        if found is None:
            bindings = self.program.attributes.get(name)
            if not bindings:
                return UNKNOWN
            self.members[name] = UNKNOWN
            found = join([*(self.bound(binding, []) for binding in bindings), *self._unnamed()])
            found = self.contents(name, found)
            if self.lies() and any(type(one) is Bag or folding.is_textual(one) for one in each(found)):
                found = join([found, OPAQUE])
            self.members[name] = found
        return found

    def is_judged(self, path: str) -> bool:
        """Recognise a library's function whose arguments have to be seen."""
        rule = self.tables.judge_name(path.rpartition(".")[2])
        root, _, name = path.rpartition(".")
        if ".formula." in path or path in FILES:
            return True
        if root != "json" and (name in self.tables.reading or name in _WRITING):
            return True
        return path in self.tables.judged or rule == "judged" or rule.startswith("library.")

    def is_followed(self, value: Value, depth: int = 0) -> Value | None:
        """Give the part of a value that must not get out of sight: a module or a judged function."""
        for one in each(value):
            kind = type(one)
            if kind is Module or (kind is Builtin and one.name in self.tables.followed):  # type: ignore[attr-defined]
                return one
            if kind is Method and type(one.owner) is Builtin and one.name in ("format", "format_map"):  # type: ignore[attr-defined]
                return one
            if kind is Lib and self.is_judged(one.path):  # type: ignore[attr-defined]
                return one
            if kind is Bag and depth < 3:
                for item in one.items[:64]:  # type: ignore[attr-defined]
                    if type(item) is Module or (type(item) in (Bag, Many) and self.is_followed(item, depth + 1)):
                        return item if type(item) is Module else self.is_followed(item, depth + 1)
        return None

    def escapes(self, value: Value, node: ast.AST, how: str) -> None:
        """Report a followed value that goes where it is not followed."""
        if type(value) in (Foreign, Inst):
            return
        found = self.is_followed(value)
        if found is None:
            return
        if type(found) is Method:
            self.report("attributes.format_unknown", node, f"str.{found.name} is {how}: its template is not seen.")
        elif type(found) is Builtin:
            self.report(
                "builtins.indirect",
                node,
                f"{getattr(found, 'name', '?')} is {how}, where its arguments cannot be judged.",
            )
        else:
            path = getattr(found, "path", "?")
            what = "module" if type(found) is Module else "function"
            self.report("dataflow.escape", node, f"The {what} {path} is {how}, where it cannot be followed.")
