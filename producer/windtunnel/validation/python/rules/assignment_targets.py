"""Rules about storing: what a program may assign to, on which receiver."""

from __future__ import annotations

import ast

from windtunnel.validation.python.evaluation import ownership
from windtunnel.validation.python.evaluation.analysis import Analysis
from windtunnel.validation.python.values.lattice import (
    Builtin,
    Danger,
    Foreign,
    Lib,
    Module,
    Unknown,
    Value,
    each,
    strings,
)

_STORABLE = frozenset(
    "__name__ __doc__ __qualname__ __version__ __author__ __wrapped__ __test__ __all__ __signature__".split()
)
_MEMORY_STORES = frozenset({"strides", "data_ptr"})


def judge_target(analysis: Analysis, target: ast.AST) -> None:
    """Judge what is assigned to: attributes and items; names are bindings."""
    if isinstance(target, ast.Name):
        return
    if isinstance(target, ast.Attribute):
        judge_attribute(analysis, analysis.value(target.value), target.attr, target)
    elif isinstance(target, ast.Tuple | ast.List):
        for one in target.elts:
            judge_target(analysis, one)
    elif isinstance(target, ast.Starred):
        judge_target(analysis, target.value)
    elif isinstance(target, ast.Subscript):
        inner = target.value
        if (
            isinstance(inner, ast.Attribute)
            and inner.attr in _SPARSE
            and _is_sparse(analysis, analysis.value(inner.value))
        ):
            judge_attribute(analysis, analysis.value(inner.value), inner.attr, target)
        analysis.value(inner)
        analysis.value(target.slice)


_SPARSE = frozenset({"indices", "indptr", "coords"})


def _is_sparse(analysis: Analysis, receiver: Value) -> bool:
    """Say whether a value may be a sparse array of scipy."""
    known = [one.path for one in each(receiver) if isinstance(one, Lib | Foreign)]
    if known:
        return any(one.startswith("scipy.sparse") for one in known)
    return isinstance(receiver, Unknown) and any(path.startswith("scipy.sparse") for path in analysis.program.imported)


def judge_attribute(analysis: Analysis, receiver: Value, name: str, node: ast.AST) -> None:
    """Judge assigning to `name` of a receiver."""
    if any(_judge_library(analysis, one, name, node) for one in each(receiver)):
        return
    if name.startswith("__") and name.endswith("__") and name not in _STORABLE:
        rule = analysis.tables.judge_name(name)
        if rule == "attributes.interpreter":
            analysis.report(rule, node, f"Assigns to .{name}.")
        else:
            analysis.report("structure.dunder_store", node, f"Assigns to .{name} from outside the class.")
    elif name in _FOLLOWED and not ownership.only_own(analysis, receiver):
        if _is_door(name, list(strings(analysis.member(name)))):
            analysis.report("structure.patch", node, f"Assigns a name that a library would follow to .{name}.")
    elif name in _SPARSE and _is_sparse(analysis, receiver):
        said = f"Assigns to .{name} of a sparse array: nothing checks its bounds."
        analysis.report("library.memory_unsafe", node, said)
    elif name in _MEMORY_STORES and not all(isinstance(one, ownership.Own) for one in each(receiver)):
        analysis.report("library.memory_unsafe", node, f"Assigns to .{name}: memory outside the array.")


_FILES = frozenset({"fromfile_prefix_chars", "baseFilename"})
_FOLLOWED = _FILES | {"input", "name"}
"""Attributes by which a library opens a file or reads an attribute."""


def _is_door(name: str, texts: list[str]) -> bool:
    return name in _FILES or "filename" in texts or any("__" in text for text in texts)


def _judge_library(analysis: Analysis, receiver: Value, name: str, node: ast.AST) -> bool:
    """Judge assigning to a module, a builtin or an object of a library. True if there is nothing more to judge."""
    if isinstance(receiver, Module | Builtin):
        what = receiver.path if isinstance(receiver, Module) else receiver.name
        said = f"Assigns to {what}.{name}: the library would change."
        analysis.report("structure.patch", node, said, fix=analysis.tables.instead.get(f"{what}.{name}"))
        return True
    if not isinstance(receiver, Lib | Foreign):
        return isinstance(receiver, Danger)
    path = receiver.path
    if "backend" in name or "engine" in name:
        analysis.report("library.backend", node, f"Sets the option {path}.{name}, which names a module.")
    elif not path.startswith("sandbox.") and (name in analysis.tables.path_keywords or name == "input"):
        analysis.report("library.path_argument", node, f"Sets {path}.{name}: the library would read a file.")
    elif name.startswith("_") and name not in _STORABLE:
        analysis.report("structure.patch", node, f"Assigns to {path}.{name}, which is not public.")
    elif path.startswith("dataclasses."):
        analysis.report("structure.patch", node, f"Assigns to .{name} of a dataclass's field.")
    else:
        if isinstance(receiver, Lib) and ".options" not in path and not path.endswith("rcParams"):
            analysis.report("structure.extend", node, f"Changes {path} for the whole program.")
        return False
    return True
