"""The analyser's state and what a name means: scopes, bindings and values on demand.

Values are flow-insensitive joins of all that a name is ever given, evaluated when first asked for and
remembered. Only one question is answered along the flow: whether a name that hides a dangerous builtin
(`open = df["Open"]`) is surely bound where it is read.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from windtunnel.validation.findings import Findings
from windtunnel.validation.python.catalogue.modules import Modules
from windtunnel.validation.python.catalogue.partly_allowed import lent_modules
from windtunnel.validation.python.catalogue.tables import Tables
from windtunnel.validation.python.evaluation.containers import Containers
from windtunnel.validation.python.evaluation.definitions import Definitions
from windtunnel.validation.python.evaluation.parameters import Parameters
from windtunnel.validation.python.program.model import Binding, Program, Scope
from windtunnel.validation.python.values import folding, texts
from windtunnel.validation.python.values.lattice import (
    BUILT,
    OPAQUE,
    UNKNOWN,
    Bag,
    Class,
    Foreign,
    Func,
    Inst,
    Many,
    Value,
    each,
    join,
)

MOST_LAZY = 60
MOST_BINDINGS = 16
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
        self.containers = Containers(program.sharing, self.value_in)
        self.definitions = Definitions(program, tables.decorators, self.value_in)
        self.classes = {getattr(scope.node, "name", "") for scope in program.scopes.values() if scope.kind == "class"}
        self.foreign: dict[Scope, bool] = {}
        self.imports: set[str] = set()
        self.stars: list[str] = []
        self.written: set[str] = set()
        """Artifacts that the program has written so far: it may read them."""
        self.harmless_templates: set[tuple[str, bool]] = set()
        """Templates of `format`, with whether they are known in part only, that were judged and found harmless."""
        self.assigned: set[str] = set()
        """Names hiding a dangerous builtin that are surely bound here."""
        self.hidden = self._hidden()
        self.unreached = 0
        """Above zero: in code that control never reaches, or that nothing calls."""
        self.lent = lent_modules(program.module.node, program.imported, tables)
        """Modules of which a part is lent, as nothing else of them is used."""
        self.modules = Modules(tables, self.lent)
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

    def release(self) -> None:
        """Let go of all: what holds itself would wait for the garbage collector, which has to look at everything."""
        for scope in self.program.scopes.values():
            scope.bindings.clear()
        self.__dict__.clear()

    def report(self, rule: str, node: Any, message: str, **more: Any) -> None:
        """Record a finding at a node."""
        self.findings.add(rule, node, message, **more)

    def value(self, node: ast.AST) -> Value:
        """Evaluate an expression once, reporting what it breaks."""
        found = self.memo.get(node)
        if found is None:
            self.findings.budget.step()
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
            if found not in running and not any(isinstance(one, Many) and found in one.values for one in running):
                running.append(found)
            if len(running) > MOST_BINDINGS or (len(running) > 1 and isinstance(found, Many)):
                running[:] = [join(running)]
        found = join(running)
        if isinstance(found, Bag | Many):
            found = self.containers.filled(name, found)
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

    def _other(self, kind: str, binding: Binding, earlier: list[Value]) -> Value:
        node: Any = binding.node
        if kind == "import":
            return self.modules.value(str(binding.extra))
        if kind == "from":
            return self.modules.member(node.module or "", str(binding.extra)) if not node.level else UNKNOWN
        if kind == "def":
            return self._defined(node)
        if kind == "class":
            return OPAQUE if self.definitions.is_replaced(node) else Class(self.program.scopes[node])
        if kind == "parameter":
            return self.parameters.value_of(binding)
        if kind == "aug":
            added = self.value_in(binding.scope, node.value)
            before = join(list(earlier)) if earlier else UNKNOWN
            if len(each(before)) == 1 and not isinstance(added, Many):
                return folding.binary(node.op, before, added)
            return folding.grown(node.op, before, added)
        if kind == "lost":
            return BUILT
        if kind in ("with", "match"):
            found = self.value_in(binding.scope, node)
            if isinstance(found, Foreign) and kind == "with":
                return found
            return join([found, OPAQUE if any(isinstance(one, Inst) for one in each(found)) else UNKNOWN])
        return OPAQUE if kind == "caught" else UNKNOWN

    def _defined(self, node: Any) -> Value:
        function = Func(node, self.program.scopes[node])
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Name) and decorator.id in ("property", "cached_property"):
                return self.returned(function)
            if not self.definitions.is_plain(decorator, self.program.scopes[node].parent or self.program.module):
                return OPAQUE
        return function

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
            found = self.containers.filled(name, found)
            if self.definitions.lies() and any(isinstance(one, Bag) or texts.is_textual(one) for one in each(found)):
                found = join([found, OPAQUE])
            self.members[name] = found
        return found
