"""Finds what the rules forbid in a Python program, on its syntax tree, with import aliases resolved."""

from __future__ import annotations

import ast
import hashlib
import inspect
from collections.abc import Iterator
from functools import lru_cache

from windtunnel.contract import Issue, SecurityLevel
from windtunnel_worker.validation import python_rules as rules

Rule = tuple[SecurityLevel, str, str]


@lru_cache(maxsize=1)
def policy() -> str:
    """Name and digest of the rules in force."""
    return "python@" + hashlib.sha256(inspect.getsource(rules).encode()).hexdigest()[:12]


def analyse(code: str) -> tuple[list[Issue], tuple[str, ...]]:
    """The findings, worst first, and the top-level modules that are imported."""
    lines = code.splitlines()
    try:
        tree = ast.parse(code)
    except SyntaxError as error:
        return [_unreadable(lines, error.lineno or 0, error.offset or 0, error.msg)], ()
    except (ValueError, RecursionError, MemoryError) as error:
        return [_unreadable(lines, 0, 0, str(error) or "it is nested too deeply")], ()
    finder = _Finder(tree, lines)
    issues = sorted(finder.find(), key=lambda issue: (-issue.severity, issue.line, issue.column))
    return issues, tuple(sorted(finder.modules))


def _unreadable(lines: list[str], line: int, column: int, reason: str) -> Issue:
    return Issue(
        severity=SecurityLevel.CRITICAL,
        rule="syntax.invalid",
        category="syntax",
        message=f"This is not Python: {reason}.",
        line=line,
        column=column,
        text=lines[line - 1].strip()[:200] if 0 < line <= len(lines) else "",
        fix="Correct the syntax at this line.",
    )


class _Finder:
    def __init__(self, tree: ast.AST, lines: list[str]) -> None:
        self._nodes = list(ast.walk(tree))
        self._lines = lines
        self._bound = {
            node.arg if isinstance(node, ast.arg) else node.name
            for node in self._nodes
            if isinstance(node, ast.arg | ast.FunctionDef | ast.ClassDef)
        } | {node.id for node in self._nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        self.modules: set[str] = set()

    def find(self) -> Iterator[Issue]:
        for node in self._nodes:
            match node:
                case ast.Import(names=names):
                    for alias in names:
                        yield from self._imported(node, alias.name)
                case ast.ImportFrom(module=module, names=names):
                    yield from self._imported(node, module or ".")
                    for alias in names:
                        yield from self._imported_name(node, alias.name)
                case ast.Name(id=name, ctx=ast.Load()) if name not in self._bound:
                    yield from self._judge(node, "builtins", name, rules.BUILTINS)
                case ast.Attribute(attr=name):
                    yield from self._judge(node, "attributes", name, rules.ATTRIBUTES)
                    yield from self._judge(node, "methods", name, rules.METHODS)

    def _imported(self, node: ast.stmt, module: str) -> Iterator[Issue]:
        top = module.partition(".")[0]
        self.modules.add(top)
        yield from self._judge(node, "imports", top, rules.IMPORTS)

    def _imported_name(self, node: ast.stmt, name: str) -> Iterator[Issue]:
        for table in (rules.BUILTINS, rules.METHODS, rules.ATTRIBUTES):
            yield from self._judge(node, "imports", name, table)

    def _judge(self, node: ast.expr | ast.stmt, family: str, name: str, table: dict[str, Rule]) -> Iterator[Issue]:
        if name not in table:
            return
        severity, reason, fix = table[name]
        yield Issue(
            severity=severity,
            rule=f"{family}.{name.strip('_')}",
            category=family,
            message=f"`{name}` {reason}.",
            line=node.lineno,
            column=node.col_offset + 1,
            text=self._lines[node.lineno - 1].strip()[:200],
            fix=fix,
        )
