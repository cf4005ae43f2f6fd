"""Which name means what: one walk that finds every scope, binding and attribute the program makes.

Python's own rules: a name bound anywhere in a function is local to it, class bodies are skipped by inner
functions, comprehensions have a scope of their own, `global` and `nonlocal` redirect, walrus binds outside
the comprehension. Bindings are kept as (expression, path into its value) and evaluated on demand.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from windtunnel.validation.python.program import fields
from windtunnel.validation.python.program.attribute_tables import AttributeTables
from windtunnel.validation.python.program.container_arguments import Arguments
from windtunnel.validation.python.program.container_names import EVERY, roots
from windtunnel.validation.python.program.container_sharing import LOST, Sharing, Store
from windtunnel.validation.python.program.model import Binding, Function, Path, Program, Scope, redirect_outer

_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {}


def _fields_of(kind: type[ast.AST]) -> tuple[str, ...]:
    drop = {"ctx", "op", "ops", "type_comment", "kind", "name", "id", "attr", "lineno", "n", "level"}
    _FIELDS[kind] = walked = tuple(name for name in kind._fields if name not in drop)
    return walked


class Collector:
    """Walks the tree once. One object a program."""

    def __init__(self, tree: ast.AST) -> None:
        self.scope = Scope("module", tree, None)
        self.program = Program(self.scope)
        self.program.scopes[tree] = self.scope
        self.sharing = Sharing()
        self.attribute_tables = AttributeTables(self.program, self.sharing)
        self.called: set[ast.AST] = set()

    def visit(self, node: ast.AST) -> None:
        """Walk one node."""
        handler = _HANDLERS.get(type(node))
        if handler is not None:
            handler(self, node)
        else:
            self._children(node)

    def _children(self, node: ast.AST) -> None:
        kind = type(node)
        for name in _FIELDS.get(kind) or _fields_of(kind):
            child = getattr(node, name, None)
            if child is None:
                continue
            if type(child) is list:
                for one in child:
                    if isinstance(one, ast.AST):
                        self.visit(one)
            elif isinstance(child, ast.AST):
                self.visit(child)

    def _body(self, nodes: list[ast.stmt]) -> None:
        for node in nodes:
            self.visit(node)

    def _nothing(self, node: ast.AST) -> None:
        """Leave a leaf."""

    def bind(self, name: str, binding: Binding) -> None:
        """Record that a name gets a value in the current scope."""
        self.scope.bindings.setdefault(name, []).append(binding)
        if self.scope.kind == "class":
            self.program.attributes.setdefault(name, []).append(binding)

    def _target(self, target: ast.AST, kind: str, node: ast.AST, path: Path = ()) -> None:
        if isinstance(target, ast.Name | ast.Attribute):
            name = target.id if isinstance(target, ast.Name) else target.attr
            own = isinstance(target, ast.Attribute) or self.scope.kind == "class"
            (self.sharing.given if own else self.sharing.rebound).add(name)
            if kind == "aug":
                self.sharing.changed.add(name)
                if not isinstance(getattr(node, "value", None), ast.Constant):
                    self.sharing.untold.add(name)
                self.sharing.move(getattr(node, "value", None), name)
            elif kind == "with":
                self.sharing.move(node, LOST)
            elif path:
                self.sharing.unpack(node, name)
            else:
                self.sharing.move(node, name)
        if isinstance(target, ast.Name):
            self.bind(target.id, Binding(kind, node, self.scope, path))
        elif isinstance(target, ast.Attribute):
            binding = Binding(kind, node, self.scope, path)
            self.program.attributes.setdefault(target.attr, []).append(binding)
            self.visit(target.value)
        elif isinstance(target, ast.Tuple | ast.List):
            starred = any(isinstance(one, ast.Starred) for one in target.elts)
            for index, one in enumerate(target.elts):
                self._target(one, kind, node, (*path, "any" if starred else index))
        elif isinstance(target, ast.Starred):
            self._target(target.value, kind, node, (*path[:-1], "star"))
        elif isinstance(target, ast.Subscript):
            whole = isinstance(target.slice, ast.Slice)
            value = node.value if isinstance(node, ast.AugAssign) else node
            key = None if whole else target.slice
            stored = Store(value, self.scope, path, key=key, spread=whole, grows=kind == "aug")
            self.sharing.store(target.value, stored)
            self.visit(target)
        else:
            self.visit(target)

    def _name(self, node: ast.Name) -> None:
        reads = self.program.reads
        reads[node.id] = reads.get(node.id, 0) + 1

    def _attribute(self, node: ast.Attribute) -> None:
        reads = self.program.reads
        reads[node.attr] = reads.get(node.attr, 0) + 1
        if node not in self.called:
            self.sharing.attribute(node)
        self.attribute_tables.attribute(node)
        self.visit(node.value)

    def _dictionary(self, node: ast.Dict) -> None:
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                self.attribute_tables.look(value)
        self._children(node)

    def _compare(self, node: ast.Compare) -> None:
        for one in (node.left, *node.comparators):
            self.attribute_tables.look(one)
        self._children(node)

    def _formatted(self, node: ast.FormattedValue) -> None:
        self.attribute_tables.look(node.value)
        self._children(node)

    def _subscript(self, node: ast.Subscript) -> None:
        if isinstance(node.ctx, ast.Load) and getattr(node.value, "attr", "") in ("__annotations__", "__dict__"):
            self.attribute_tables.look(node.value)
        self.visit(node.value)
        self.visit(node.slice)

    def _call(self, node: ast.Call) -> None:
        callee = node.func
        self.called.add(callee)
        self.sharing.call(node, self.scope)
        self.attribute_tables.call(node, self.scope)
        if isinstance(callee, ast.Name):
            self.program.calls.setdefault(callee.id, []).append((node, self.scope))
            if getattr(self.scope.node, "name", None) == callee.id:
                self.program.recursive.add(self.scope.node)
        elif isinstance(callee, ast.Attribute):
            self.program.calls.setdefault(callee.attr, []).append((node, self.scope))
        self._children(node)

    def _assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            self._target(target, "value", node.value)
        self.visit(node.value)

    def _aug(self, node: ast.AugAssign) -> None:
        self._target(node.target, "aug", node)
        self.visit(node.value)

    def _ann(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._target(node.target, "value", node.value)
            self.visit(node.value)
        elif isinstance(node.target, ast.Name):
            self.bind(node.target.id, Binding("declared", node, self.scope))
        self.visit(node.annotation)

    def _walrus(self, node: ast.NamedExpr) -> None:
        inner, scope = self.scope, self.scope
        while scope.kind == "comprehension" and scope.parent is not None:
            scope = scope.parent
        binding = Binding("value", node.value, inner)
        scope.bindings.setdefault(node.target.id, []).append(binding)
        self.sharing.move(node.value, node.target.id)
        self.visit(node.value)

    def _for(self, node: ast.For | ast.AsyncFor) -> None:
        self._target(node.target, "value", node.iter, ("iter",))
        self.attribute_tables.look(node.iter)
        self.visit(node.iter)
        self._body(node.body)
        self._body(node.orelse)

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            self.visit(item.context_expr)
            if item.optional_vars is not None:
                self._target(item.optional_vars, "with", item.context_expr)
        self._body(node.body)

    def _import(self, node: ast.Import) -> None:
        for alias in node.names:
            name = alias.asname or alias.name.split(".")[0]
            module = alias.name if alias.asname else alias.name.split(".")[0]
            self.bind(name, Binding("import", node, self.scope, extra=module))
            self.program.imported.add(alias.name)
            self.sharing.modules[name] = module.split(".")[0]

    def _import_from(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            name = alias.asname or alias.name
            self.bind(name, Binding("from", node, self.scope, extra=alias.name))
            self.program.imported.add(f"{node.module}.{alias.name}")
            self.sharing.modules[name] = (node.module or "").split(".")[0]

    def _arguments(self, node: Function, scope: Scope) -> None:
        args = node.args
        for default in (*args.defaults, *(one for one in args.kw_defaults if one is not None)):
            self.visit(default)
        every = [*args.posonlyargs, *args.args, *args.kwonlyargs]
        for arg, given in zip(reversed((*args.posonlyargs, *args.args)), reversed(args.defaults), strict=False):
            self.sharing.move(given, arg.arg)
        for arg, other in zip(args.kwonlyargs, args.kw_defaults, strict=True):
            self.sharing.move(other, arg.arg)
        for index, arg in enumerate(every):
            self.sharing.rebound.add(arg.arg)
            scope.bindings[arg.arg] = [Binding("parameter", node, scope, (index,), arg)]
            if arg.annotation is not None:
                self.visit(arg.annotation)
        for rest in (args.vararg, args.kwarg):
            if rest is not None:
                scope.bindings[rest.arg] = [Binding("unknown", node, scope)]
                if rest.annotation is not None:
                    self.visit(rest.annotation)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for decorator in node.decorator_list:
            self.visit(decorator)
        self.bind(node.name, Binding("def", node, self.scope))
        scope = Scope("function", node, self.scope, qualname=f"{self.scope.qualname}{node.name}.")
        if self.scope.kind == "class":
            scope.owner = self.scope
            self.program.renamed |= node.name in ("__new__", "_generate_next_value_", "_missing_")
        name = node.name
        if name in ("__init__", "__call__") and scope.owner is not None:
            name = getattr(self.scope.node, "name", name) if name == "__init__" else ""
        self.sharing.functions.setdefault(name, []).append((node, scope.owner is not None))
        self.program.scopes[node] = scope
        self._arguments(node, scope)
        if node.returns is not None:
            self.visit(node.returns)
        outer, self.scope = self.scope, scope
        self._body(node.body)
        self.scope = outer

    def _lambda(self, node: ast.Lambda) -> None:
        scope = Scope("function", node, self.scope, qualname=f"{self.scope.qualname}<lambda>.")
        self.program.scopes[node] = scope
        self._arguments(node, scope)
        scope.returns.append(node.body)
        self.sharing.move(node.body, LOST)
        outer, self.scope = self.scope, scope
        self.visit(node.body)
        self.scope = outer

    def _class(self, node: ast.ClassDef) -> None:
        for part in (*node.decorator_list, *node.bases, *(one.value for one in node.keywords)):
            self.visit(part)
        self.bind(node.name, Binding("class", node, self.scope))
        self.sharing.classes[node.name] = node
        scope = Scope("class", node, self.scope, qualname=f"{self.scope.qualname}{node.name}.")
        self.program.scopes[node] = scope
        outer, self.scope = self.scope, scope
        self._body(node.body)
        self.scope = outer

    def _comp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
        outer = self.scope
        self.attribute_tables.look(node.generators[0].iter)
        self.visit(node.generators[0].iter)
        scope = self.scope = Scope("comprehension", node, outer, qualname=outer.qualname)
        self.program.scopes[node] = scope
        for index, generator in enumerate(node.generators):
            binding_scope = outer if index == 0 else scope
            if index:
                self.visit(generator.iter)
            self._target(generator.target, "value", generator.iter, ("iter",))
            for bound in scope.bindings.values():
                for binding in bound:
                    if binding.node is generator.iter:
                        binding.scope = binding_scope
            for test in generator.ifs:
                self.visit(test)
        if isinstance(node, ast.DictComp):
            self.visit(node.key)
            self.visit(node.value)
        else:
            self.visit(node.elt)
        self.scope = outer

    def _outer(self, node: ast.Global | ast.Nonlocal) -> None:
        kind = "global" if isinstance(node, ast.Global) else "nonlocal"
        for name in node.names:
            self.scope.outer[name] = kind

    def _function_scope(self) -> Scope:
        scope = self.scope
        while scope.kind == "comprehension" and scope.parent is not None:
            scope = scope.parent
        return scope

    def _return(self, node: ast.Return) -> None:
        if node.value is not None:
            function = self._function_scope()
            function.returns.append(node.value)
            name = getattr(function.node, "name", "")
            self.sharing.move(node.value, name + "()")
            if getattr(function.node, "decorator_list", None):
                self.sharing.move(node.value, name)
            self.visit(node.value)

    def _yield(self, node: ast.Yield | ast.YieldFrom) -> None:
        self._function_scope().yields = True
        if node.value is not None:
            self.sharing.move(node.value, LOST)
            self.visit(node.value)

    def _handler(self, node: ast.ExceptHandler) -> None:
        if node.type is not None:
            self.visit(node.type)
        if node.name:
            self.bind(node.name, Binding("caught", node, self.scope))
        self._body(node.body)

    def _match(self, node: ast.Match) -> None:
        self.visit(node.subject)
        self.sharing.move(node.subject, LOST)
        for case in node.cases:
            for part in ast.walk(case.pattern):
                name = getattr(part, "name", None) or getattr(part, "rest", None)
                if isinstance(name, str):
                    self.bind(name, Binding("match", node.subject, self.scope))
                if isinstance(part, ast.expr):
                    self.visit(part)
            if case.guard is not None:
                self.visit(case.guard)
            self._body(case.body)

    def _delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Subscript):
                for name, _ in roots(target.value):
                    self.sharing.changed.add(name)
            self.visit(target)


_HANDLERS: dict[type, Callable[[Collector, Any], None]] = {
    ast.Name: Collector._name, ast.Constant: Collector._nothing, ast.Pass: Collector._nothing,
    ast.Break: Collector._nothing, ast.Continue: Collector._nothing, ast.Attribute: Collector._attribute,
    ast.Assign: Collector._assign, ast.AugAssign: Collector._aug, ast.AnnAssign: Collector._ann,
    ast.Call: Collector._call, ast.NamedExpr: Collector._walrus, ast.For: Collector._for,
    ast.AsyncFor: Collector._for, ast.With: Collector._with, ast.AsyncWith: Collector._with,
    ast.Import: Collector._import, ast.ImportFrom: Collector._import_from, ast.FunctionDef: Collector._function,
    ast.AsyncFunctionDef: Collector._function, ast.Lambda: Collector._lambda, ast.ClassDef: Collector._class,
    ast.ListComp: Collector._comp, ast.SetComp: Collector._comp, ast.GeneratorExp: Collector._comp,
    ast.DictComp: Collector._comp, ast.Global: Collector._outer, ast.Nonlocal: Collector._outer,
    ast.Return: Collector._return, ast.Yield: Collector._yield, ast.YieldFrom: Collector._yield,
    ast.ExceptHandler: Collector._handler, ast.Match: Collector._match, ast.Delete: Collector._delete,
    ast.Compare: Collector._compare, ast.Subscript: Collector._subscript, ast.Dict: Collector._dictionary,
    ast.FormattedValue: Collector._formatted,
}  # fmt: skip


def collect(tree: ast.Module) -> Program:
    """Find every scope and binding of a program."""
    collector = Collector(tree)
    for statement in tree.body:
        collector.visit(statement)
    redirect_outer(collector.program)
    Arguments(collector.sharing).follow(collector.program.reads, collector.program.calls)
    fields.bind_fields(collector.program, collector.sharing)
    collector.program.sharing = collector.sharing
    collector.program.overwritten = collector.sharing.everything or collector.sharing.reached(EVERY) is not None
    collector.program.filled |= collector.program.overwritten
    return collector.program
