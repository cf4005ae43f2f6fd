"""Executes blocks, and the statements that hold some: definitions, branches and loops."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from windtunnel.validation.python.evaluation.analysis import Analysis
from windtunnel.validation.python.program import control_flow
from windtunnel.validation.python.rules import assignment_targets, attributes, classes, escapes, type_hints
from windtunnel.validation.python.rules.advice import resources
from windtunnel.validation.python.rules.library import listed_functions
from windtunnel.validation.python.values.lattice import Lib
from windtunnel.validation.python.walk import simple_statements

Executor = Callable[[Analysis, Any], None]
_TYPING_ONLY = frozenset({"typing.TYPE_CHECKING", "typing_extensions.TYPE_CHECKING"})
_ENTRY_POINTS = frozenset({"signals", "main", "run"})


def body(analysis: Analysis, nodes: list[ast.stmt]) -> None:
    """Execute a block; what follows a statement that never passes on is marked as not reached."""
    ended = False
    for node in nodes:
        kind = type(node)
        if isinstance(node, ast.Expr):
            analysis.value(node.value)
        else:
            execute = STATEMENTS.get(kind)
            if execute is not None:
                execute(analysis, node)
            elif kind not in _SILENT:
                analysis.value(node)
        if not ended and kind not in _PLAIN and control_flow.ends(node):
            ended = True
            analysis.unreached += 1
    if ended:
        analysis.unreached -= 1


_SILENT = frozenset({ast.Pass, ast.Break, ast.Continue, ast.Global, ast.Nonlocal})
_PLAIN = frozenset({ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.FunctionDef, ast.For, ast.Import})


def _signature(analysis: Analysis, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    args = node.args
    for default in (*args.defaults, *args.kw_defaults):
        if default is not None:
            value = analysis.value(default)
            if analysis.program.reads.get(node.name, 0) > len(analysis.program.calls.get(node.name, ())):
                escapes.judge(analysis, value, default, "a parameter's default")
    every = [*args.posonlyargs, *args.args, *args.kwonlyargs]
    every += [one for one in (args.vararg, args.kwarg) if one is not None]
    for arg in every:
        if arg.annotation is not None:
            type_hints.judge_annotation(analysis, arg.annotation)
    type_hints.judge_annotation(analysis, node.returns)


def function(analysis: Analysis, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    """Execute a definition, and its body as if it were called."""
    for decorator in node.decorator_list:
        value = analysis.value(decorator)
        if not (isinstance(value, Lib) and value.path in listed_functions.COMPILERS):
            escapes.judge(analysis, value, decorator, "used as a decorator")
    _signature(analysis, node)
    if node.name in analysis.hidden:
        analysis.assigned.add(node.name)
    unused = (
        not analysis.program.reads.get(node.name)
        and not node.decorator_list
        and node.name not in _ENTRY_POINTS
        and analysis.scope.kind == "module"
    )
    resources.judge_definition(analysis, node)
    outer, analysis.scope = analysis.scope, analysis.program.scopes[node]
    saved = set(analysis.assigned) if analysis.hidden else analysis.assigned
    analysis.unreached += unused
    body(analysis, node.body)
    analysis.unreached -= unused
    analysis.assigned = saved
    analysis.scope = outer


def class_(analysis: Analysis, node: ast.ClassDef) -> None:
    """Execute a class definition."""
    for decorator in node.decorator_list:
        escapes.judge(analysis, analysis.value(decorator), decorator, "used as a decorator")
    classes.judge_class(analysis, node)
    outer, analysis.scope = analysis.scope, analysis.program.scopes[node]
    saved = set(analysis.assigned) if analysis.hidden else analysis.assigned
    body(analysis, node.body)
    analysis.assigned = saved
    analysis.scope = outer
    if node.name in analysis.hidden:
        analysis.assigned.add(node.name)


def _branches(analysis: Analysis, branches: list[list[ast.stmt]]) -> None:
    """Execute alternatives; only what all of them bind is surely bound after."""
    if not analysis.hidden:
        for one in branches:
            body(analysis, one)
        return
    before = set(analysis.assigned)
    after: set[str] | None = None
    for one in branches:
        analysis.assigned = set(before)
        body(analysis, one)
        if not any(map(control_flow.ends, one)):
            after = set(analysis.assigned) if after is None else after & analysis.assigned
    analysis.assigned = before if after is None else after


def if_(analysis: Analysis, node: ast.If) -> None:
    """Execute `if`."""
    test = analysis.value(node.test)
    never = control_flow.constant_truth(node.test) is False
    typing_only = isinstance(test, Lib) and test.path in _TYPING_ONLY
    if not (never or typing_only):
        _branches(analysis, [node.body, node.orelse])
        return
    before = set(analysis.assigned)
    analysis.quiet += typing_only
    analysis.unreached += never
    body(analysis, node.body)
    analysis.quiet -= typing_only
    analysis.unreached -= never
    analysis.assigned = before
    body(analysis, node.orelse)


def for_(analysis: Analysis, node: ast.For | ast.AsyncFor) -> None:
    """Execute `for`."""
    analysis.value(node.iter)
    assignment_targets.judge_target(analysis, node.target)
    resources.judge_for(analysis, node)
    if not analysis.hidden:
        body(analysis, node.body)
        body(analysis, node.orelse)
        return
    before = set(analysis.assigned)
    simple_statements.bind(analysis, node.target)
    body(analysis, node.body)
    analysis.assigned = before
    body(analysis, node.orelse)


def while_(analysis: Analysis, node: ast.While) -> None:
    """Execute `while`."""
    analysis.value(node.test)
    resources.judge_while(analysis, node)
    _branches(analysis, [node.body, []])
    body(analysis, node.orelse)


def with_(analysis: Analysis, node: ast.With | ast.AsyncWith) -> None:
    """Execute `with`."""
    for item in node.items:
        analysis.value(item.context_expr)
        if item.optional_vars is not None:
            assignment_targets.judge_target(analysis, item.optional_vars)
            if analysis.hidden:
                simple_statements.bind(analysis, item.optional_vars)
    _branches(analysis, [node.body, []])


def try_(analysis: Analysis, node: Any) -> None:
    """Execute `try`: nothing of its body is sure afterwards."""
    for handler in node.handlers:
        if handler.type is not None:
            analysis.value(handler.type)
    guarded = any(map(_catches_missing, node.handlers))
    analysis.guarded += guarded
    _branches(analysis, [node.body, *(handler.body for handler in node.handlers)])
    analysis.guarded -= guarded
    body(analysis, node.orelse)
    body(analysis, node.finalbody)


def _catches_missing(handler: ast.ExceptHandler) -> bool:
    """Recognise `except ImportError` and what is wider."""
    caught = handler.type
    kinds = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(one is None or (isinstance(one, ast.Name) and one.id in _MISSING) for one in kinds)


_MISSING = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


def match(analysis: Analysis, node: ast.Match) -> None:
    """Execute `match`; class patterns read attributes."""
    analysis.value(node.subject)
    for case in node.cases:
        for part in ast.walk(case.pattern):
            if isinstance(part, ast.MatchClass):
                for name in part.kwd_attrs:
                    attributes.judge(analysis, analysis.value(node.subject), name, part, called=False)
            if isinstance(part, ast.expr):
                analysis.value(part)
        if case.guard is not None:
            analysis.value(case.guard)
    _branches(analysis, [*(case.body for case in node.cases), []])


STATEMENTS: dict[type, Executor] = {
    **simple_statements.STATEMENTS,
    ast.FunctionDef: function, ast.AsyncFunctionDef: function, ast.ClassDef: class_,
    ast.If: if_, ast.For: for_, ast.AsyncFor: for_, ast.While: while_, ast.With: with_, ast.AsyncWith: with_,
    ast.Try: try_, ast.Match: match,
}  # fmt: skip
if hasattr(ast, "TryStar"):
    STATEMENTS[ast.TryStar] = try_
