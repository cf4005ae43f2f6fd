"""Executes statements without a body: assignments, imports, `del`, `raise` and `assert`."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from windtunnel.validation.python.evaluation.analysis import Analysis
from windtunnel.validation.python.rules import assignment_targets, classes, escapes, imports, templates
from windtunnel.validation.python.rules.library import settings
from windtunnel.validation.python.values.lattice import (
    Const,
    Lib,
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
            _judge_backend_item(analysis, target)
            escapes.judge(analysis, value, target, "put into a container")
        elif analysis.hidden:
            bind(analysis, target)


def _judge_backend_item(analysis: Analysis, target: ast.Subscript) -> None:
    owner = analysis.value(target.value)
    if isinstance(owner, Lib) and owner.path in settings.STYLES:
        analysis.report("structure.patch", target, "Adds a style: its settings are not seen where it is used.")
    elif isinstance(owner, Lib) and not isinstance(target.slice, ast.Slice):
        for key in each(analysis.value(target.slice)):
            if isinstance(key, Const):
                settings.judge_setting(analysis, target, str(key.value))
            elif owner.path.endswith("rcParams"):
                settings.judge_setting(analysis, target, "an unknown _path or backend")


def aug_assign(analysis: Analysis, node: ast.AugAssign) -> None:
    """Execute `a += value`."""
    analysis.value(node.value)
    assignment_targets.judge_target(analysis, node.target)


def ann_assign(analysis: Analysis, node: ast.AnnAssign) -> None:
    """Execute `a: type = value`."""
    templates.judge_annotation(analysis, node.annotation)
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
    ast.ImportFrom: import_from, ast.Delete: delete, ast.Raise: raise_, ast.Assert: assert_,
}  # fmt: skip
