"""The library surface: which names of which modules may be touched, and what importing them means.

It is an allowlist. Modules of the standard library, numpy, pandas, scipy and matplotlib are allowed name by
name; the wider quant ecosystem by any public name whose words do not say input, output or execution and that
is not the name of another module.
"""

from __future__ import annotations

import ast
from typing import Any

from windtunnel.validation.policy import STANDARD_MODULES
from windtunnel.validation.python.analysis import Analysis
from windtunnel.validation.python.values import Danger, Lib, Module, Value

_MODULE_DUNDERS = frozenset("__name__ __version__ __doc__".split())
_KEPT = frozenset("warnings datetime time random math statistics types typing calendar string".split())


def judge_import(analysis: Analysis, path: str, node: Any) -> bool:
    """Report a module that may not be imported. True if it may be."""
    tables = analysis.tables
    parts = path.split(".")
    analysis.imports.add(parts[0])
    quiet = analysis.quiet > 0
    if path in tables.surface or path in tables.packages:
        return True
    if parts[0] in tables.open:
        return _judge_open(analysis, path, node)
    severity = analysis.findings._policy.rules["resources.regex"].severity if quiet else None
    if parts[0] in tables.critical:
        message = f"The module {path} opens {tables.critical[parts[0]]}."
        analysis.report("imports.dangerous", node, message, severity=severity)
    elif parts[0] in tables.reasons or path in tables.reasons:
        why = tables.reasons.get(path) or tables.reasons[parts[0]]
        analysis.report("imports.not_allowed", node, f"The module {path} is not allowed: {why}.", severity=severity)
    elif parts[0] in tables.surface or parts[0] in tables.packages:
        message = f"{path} is not part of the public numeric surface of {parts[0]}."
        analysis.report("imports.not_public", node, message)
    else:
        message = f"The module {path} is not on the allowlist: {tables.allowed_text()}."
        analysis.report("imports.not_allowed", node, message, severity=severity)
    return False


def _judge_open(analysis: Analysis, path: str, node: Any) -> bool:
    tables = analysis.tables
    parts = path.split(".")
    for index, part in enumerate(parts):
        so_far = ".".join(parts[: index + 1])
        if so_far in tables.closed:
            if so_far.endswith(".datasets") and (path == so_far or parts[-1] in tables.datasets):
                continue
            analysis.report("imports.not_public", node, f"{so_far} is not part of the allowed surface of {parts[0]}.")
            return False
        if index and (reason := _odd(analysis, part)):
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
    if name not in tables.datasets and tables.is_io(name):
        return f"the name {name} says input, output or execution"
    return ""


def member(analysis: Analysis, path: str, name: str, node: Any) -> Value:
    """Evaluate and judge `name` read from the module `path`."""
    tables = analysis.tables
    full = f"{path}.{name}"
    if full in tables.aliases:
        return Module(tables.aliases[full])
    if full in tables.surface or full in tables.packages:
        return Module(full)
    names = tables.surface.get(path)
    if names is not None and name in names:
        return Lib(full)
    if name in _MODULE_DUNDERS:
        return Lib(full)
    rule = tables.judge_name(name)
    root = path.split(".", maxsplit=1)[0]
    if rule.startswith("attributes.") or (name in tables.critical and root not in tables.open):
        said = "imports.reexport" if not rule or rule == "attributes.module" else rule
        analysis.report(said, node, f"{full} leads to {tables.critical.get(name, 'the inside of the interpreter')}.")
        return Danger(full, getattr(node, "lineno", 0))
    root = path.split(".", maxsplit=1)[0]
    if root in tables.open and names is None:
        if full in tables.closed and not full.endswith(".datasets"):
            reason = "it is not part of the allowed surface"
        else:
            reason = _odd(analysis, name)
        if not reason and name in tables.abbreviations:
            analysis.report("imports.reexport", node, f"{full} is another module that the library keeps as its own.")
            return Danger(full, getattr(node, "lineno", 0))
        if not reason:
            return Lib(full)
        judged = rule if rule.startswith("library.") else "library.not_numeric"
        analysis.report(judged, node, f"{full} may not be used: {reason}.")
        return Danger(full, getattr(node, "lineno", 0))
    if rule.startswith("library.") and rule in analysis.findings._policy.rules:
        analysis.report(rule, node, f"{full} is not part of the numeric surface.")
        return Danger(full, getattr(node, "lineno", 0))
    where = "imports.not_public" if isinstance(node, ast.ImportFrom) else "library.not_numeric"
    analysis.report(where, node, f"{full} is not part of the public numeric surface of {root}.")
    return Danger(full, getattr(node, "lineno", 0))


def import_statement(analysis: Analysis, node: ast.Import) -> None:
    """Judge `import a.b as c, d`."""
    for alias in node.names:
        judge_import(analysis, alias.name, node)


def import_from(analysis: Analysis, node: ast.ImportFrom) -> None:
    """Judge `from a.b import c, d`, and `*`."""
    if node.level:
        analysis.report("imports.relative", node, "A relative import: there is no package around a strategy.")
        return
    path = node.module or ""
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
        if path.endswith(".datasets") and alias.name not in tables.datasets:
            analysis.report("library.network", node, f"{full} fetches or reads a file.")
            continue
        member(analysis, path, alias.name, node)
