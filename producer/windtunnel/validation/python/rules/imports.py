"""Rules about imports: which modules, and which names of theirs, may be used, and what reading one gives.

It is an allowlist: modules of the standard library and of the sandbox's image, name by name. Only what a deployment
adds to its own image without listing its names is judged by the words of the names.
"""

from __future__ import annotations

import ast
from typing import Any

from windtunnel.contract import SecurityLevel
from windtunnel.validation.policy import STANDARD_MODULES
from windtunnel.validation.python.evaluation.analysis import Analysis
from windtunnel.validation.python.values.lattice import Danger, Lib, Module, Value

_MODULE_DUNDERS = frozenset("__name__ __version__ __doc__".split())
_KEPT = frozenset("warnings datetime time random math statistics types typing calendar string".split())


def judge_import(analysis: Analysis, path: str, node: Any) -> bool:
    """Report a module that may not be imported. True if it may be."""
    tables = analysis.tables
    parts = path.split(".")
    analysis.imports.add(parts[0])
    quiet = analysis.quiet > 0
    if path in tables.surface or path in tables.packages or path in tables.aliases or path in analysis.lent:
        return True
    if parts[0] in tables.open:
        return _judge_open(analysis, path, node)
    severity = SecurityLevel.MEDIUM if quiet else None
    root = parts[0]
    if analysis.guarded and root not in tables.critical and tables.is_missing(root):
        message = f"The sandbox has no {root}: the program goes on without it."
        analysis.report("imports.not_allowed", node, message, severity=SecurityLevel.LOW)
    elif root in tables.critical:
        message = f"The module {path} opens {tables.critical[root]}."
        analysis.report("imports.dangerous", node, message, severity=severity, fix=tables.instead.get(root))
    elif root in tables.reasons or path in tables.reasons:
        why = tables.reasons.get(path) or tables.reasons[root]
        analysis.report("imports.not_allowed", node, f"The module {path} is not allowed: {why}.", severity=severity)
    elif root in tables.surface or root in tables.packages:
        message = f"{path} is not part of the public numeric surface of {root}."
        analysis.report("imports.not_public", node, message, fix=tables.instead.get(path))
    elif root in tables.closed:
        message = f"The module {path} is not allowed: {tables.closed[root]}."
        analysis.report("imports.not_allowed", node, message, severity=severity)
    elif tables.is_missing(root):
        message = f"The sandbox has no {root}."
        own = "If it is a file of your own, put its code into the program: a program is one file."
        instead = tables.instead.get(root, f"{own} What may be imported: {tables.allowed_text()}.")
        analysis.report("imports.not_allowed", node, message, severity=severity, fix=instead)
    else:
        message = f"The module {path} is not on the allowlist: {tables.allowed_text()}."
        analysis.report("imports.not_allowed", node, message, severity=severity, fix=tables.instead.get(root))
    return False


def _judge_open(analysis: Analysis, path: str, node: Any) -> bool:
    for part in path.split(".")[1:]:
        if reason := _odd(analysis, part):
            analysis.report("imports.not_public", node, f"{path} is not numeric surface: {reason}.")
            return False
    return True


def _odd(analysis: Analysis, name: str) -> str:
    """Say why a public name of an open library is not to be touched; '' if it may be."""
    tables = analysis.tables
    if name.startswith("_"):
        return "an underscore name is the library's own"
    if name in tables.modules or (name in STANDARD_MODULES and name not in tables.surface and name not in _KEPT):
        if name not in ("cmd", "code", "signal", "select", "this", "profile", "trace", "parser"):
            return f"{name} is a module of the standard library"
    if tables.is_io(name):
        return f"the name {name} says input, output or execution"
    return ""


def member(analysis: Analysis, path: str, name: str, node: Any) -> Value:
    """Evaluate and judge `name` read from the module `path`."""
    tables = analysis.tables
    full = f"{path}.{name}"
    if path in analysis.lent and name in tables.lent[path]:
        return Module(full) if full in analysis.lent else Lib(full)
    if full in tables.aliases:
        return Module(tables.aliases[full])
    if full in tables.surface or full in tables.packages:
        return Module(full)
    if name in tables.surface.get(path, ()):
        if full in tables.reported:
            analysis.report("imports.reported", node, f"{full} is not needed here.", fix=tables.reported[full])
        return Lib(full)
    if name in _MODULE_DUNDERS:
        return Lib(full)
    refused = _refusal(analysis, path, name, isinstance(node, ast.ImportFrom))
    if refused is None:
        return Lib(full)
    analysis.report(refused[0], node, f"{full} {refused[1]}.", fix=tables.instead.get(full))
    return Danger(full, getattr(node, "lineno", 0))


def _refusal(analysis: Analysis, path: str, name: str, imported: bool) -> tuple[str, str] | None:
    """Give the rule that an unlisted name of a module breaks and why; None for one of an open library that may pass."""
    tables = analysis.tables
    rule = tables.judge_name(name)
    root = path.partition(".")[0]
    if rule.startswith("attributes.") or (name in tables.critical and root not in tables.open):
        said = "imports.reexport" if not rule or rule == "attributes.module" else rule
        return said, f"leads to {tables.critical.get(name, 'the inside of the interpreter')}"
    if root in tables.open and path not in tables.surface:
        reason = _odd(analysis, name)
        if reason:
            return rule if rule.startswith("library.") else "library.not_numeric", f"may not be used: {reason}"
        if name in tables.abbreviations:
            return "imports.reexport", "is another module that the library keeps as its own"
        return None
    if rule.startswith("library."):
        return rule, "is not part of the numeric surface"
    where = "imports.not_public" if imported else "library.not_numeric"
    return where, f"is not part of the public numeric surface of {root}"


def import_statement(analysis: Analysis, node: ast.Import) -> None:
    """Judge `import a.b as c, d`."""
    for alias in node.names:
        judge_import(analysis, alias.name, node)


def import_from(analysis: Analysis, node: ast.ImportFrom) -> None:
    """Judge `from a.b import c, d`, and `*`."""
    if node.level:
        analysis.report("imports.relative", node, "A relative import: there is no package around a strategy.")
        return
    path = analysis.tables.aliases.get(node.module or "", node.module or "")
    tables = analysis.tables
    if not judge_import(analysis, path, node):
        return
    for alias in node.names:
        if alias.name == "*":
            analysis.stars.append(path)
            continue
        full = f"{path}.{alias.name}"
        if path not in tables.surface and path in tables.packages and full not in tables.packages:
            if full not in tables.surface:
                analysis.report("imports.not_public", node, f"{full} is not part of the public numeric surface.")
            continue
        member(analysis, path, alias.name, node)
