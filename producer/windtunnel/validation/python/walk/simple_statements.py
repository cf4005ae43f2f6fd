"""Executes statements without a body: assignments, imports, `return`, `del`, `raise` and `assert`."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from windtunnel.validation.python.evaluation.analysis import Analysis
from windtunnel.validation.python.rules import assignment_targets, classes, escapes, imports, type_hints
from windtunnel.validation.python.rules.library import settings
from windtunnel.validation.python.values.lattice import (
    PYPLOT,
    Bag,
    Const,
    Foreign,
    Inst,
    Module,
    Text,
    Unknown,
    Value,
    each,
)


def bind(analysis: Analysis, target: ast.AST) -> None:
    """Note that a name that hides a dangerous builtin is bound from here on."""
    for part in ast.walk(target):
        if isinstance(part, ast.Name) and part.id in analysis.hidden:
            analysis.assigned.add(part.id)


def assign(analysis: Analysis, node: ast.Assign) -> None:
    """Execute `a = b = value`."""
    value = analysis.value(node.value)
    for target in node.targets:
        if isinstance(target, ast.Name):
            if analysis.scope.kind == "class":
                classes.judge_member(analysis, target.id, target, value)
            if target.id in analysis.hidden:
                analysis.assigned.add(target.id)
            continue
        assignment_targets.judge_target(analysis, target)
        if isinstance(target, ast.Subscript):
            settings.judge_item(analysis, target)
            escapes.judge(analysis, value, target, "put into a container")
        elif analysis.hidden:
            bind(analysis, target)


def aug_assign(analysis: Analysis, node: ast.AugAssign) -> None:
    """Execute `a += value`."""
    analysis.value(node.value)
    assignment_targets.judge_target(analysis, node.target)


def ann_assign(analysis: Analysis, node: ast.AnnAssign) -> None:
    """Execute `a: type = value`."""
    type_hints.judge_annotation(analysis, node.annotation)
    assignment_targets.judge_target(analysis, node.target)
    if node.value is not None:
        value = analysis.value(node.value)
        if analysis.scope.kind == "class" and isinstance(node.target, ast.Name):
            classes.judge_member(analysis, node.target.id, node.target, value)
        bind(analysis, node.target)


def import_(analysis: Analysis, node: ast.Import) -> None:
    """Execute `import`."""
    imports.import_statement(analysis, node)
    for alias in node.names:
        name = alias.asname or alias.name.split(".")[0]
        if name in analysis.hidden:
            analysis.assigned.add(name)


def import_from(analysis: Analysis, node: ast.ImportFrom) -> None:
    """Execute `from … import`."""
    imports.import_from(analysis, node)
    for alias in node.names:
        if (alias.asname or alias.name) in analysis.hidden:
            analysis.assigned.add(alias.asname or alias.name)


def delete(analysis: Analysis, node: ast.Delete) -> None:
    """Execute `del`."""
    for target in node.targets:
        if isinstance(target, ast.Name):
            analysis.assigned.discard(target.id)
        else:
            assignment_targets.judge_target(analysis, target)


def return_(analysis: Analysis, node: ast.Return) -> None:
    """Execute `return`."""
    if node.value is not None:
        value = analysis.value(node.value)
        if not (_is_drawing(value) and _is_followed(analysis)):
            escapes.judge(analysis, value, node, "returned")


def _is_drawing(value: Value) -> bool:
    """Recognise `pyplot`, alone or among other values that are no modules."""
    parts = value.items if isinstance(value, Bag) and value.ordered else (value,)
    modules = [one for part in parts for one in each(part) if isinstance(one, Module)]
    plain = (Module, Foreign, Inst, Const, Text, Unknown)
    return all(one.path == PYPLOT for one in modules) and all(
        type(one) in plain for part in parts for one in each(part)
    )


def _is_followed(analysis: Analysis) -> bool:
    """Say whether the function that is executed is only ever called, so that what it returns stays in sight."""
    node = analysis.scope.node
    if not isinstance(node, ast.FunctionDef) or node.decorator_list or analysis.scope.yields:
        return False
    return analysis.program.reads.get(node.name, 0) <= len(analysis.program.calls.get(node.name, ()))


def raise_(analysis: Analysis, node: ast.Raise) -> None:
    """Execute `raise`."""
    for one in (node.exc, node.cause):
        if one is not None:
            analysis.value(one)


def assert_(analysis: Analysis, node: ast.Assert) -> None:
    """Execute `assert`."""
    analysis.value(node.test)
    if node.msg is not None:
        analysis.value(node.msg)


STATEMENTS: dict[type, Callable[[Analysis, Any], None]] = {
    ast.Assign: assign, ast.AugAssign: aug_assign, ast.AnnAssign: ann_assign, ast.Import: import_,
    ast.ImportFrom: import_from, ast.Delete: delete, ast.Return: return_, ast.Raise: raise_, ast.Assert: assert_,
}  # fmt: skip
