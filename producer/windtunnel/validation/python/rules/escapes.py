"""What must stay traceable: modules, and functions of libraries whose arguments have to be seen."""

from __future__ import annotations

import ast

from windtunnel.validation.python.catalogue.file_arguments import FILE_ARGUMENTS
from windtunnel.validation.python.evaluation.analysis import Analysis
from windtunnel.validation.python.values.lattice import (
    Bag,
    Builtin,
    Foreign,
    Inst,
    Lib,
    Many,
    Method,
    Module,
    Value,
    each,
)

MOST_DEPTH = 3
MOST_ITEMS = 64
_TEMPLATES = frozenset({"format", "format_map"})
_WRITING = frozenset("save savez savez_compressed savetxt savefig imsave imread".split())


def judge(analysis: Analysis, value: Value, node: ast.AST, how: str) -> None:
    """Report a value that goes where it is not followed, if it has to be. `how` says where: "returned"."""
    if isinstance(value, Foreign | Inst):
        return
    found = _followed(analysis, value, 0, set())
    if isinstance(found, Method):
        analysis.report("attributes.format_unknown", node, f"str.{found.name} is {how}: its template is not seen.")
    elif isinstance(found, Builtin):
        said = f"{found.name} is {how}, where its arguments cannot be judged."
        analysis.report("builtins.indirect", node, said)
    elif isinstance(found, Module):
        analysis.report("dataflow.escape", node, f"The module {found.path} is {how}, where it cannot be followed.")
    elif isinstance(found, Lib):
        analysis.report("dataflow.escape", node, f"The function {found.path} is {how}, where it cannot be followed.")


def _followed(
    analysis: Analysis, value: Value, depth: int, seen: set[tuple[int, int]]
) -> Module | Builtin | Method | Lib | None:
    """Give the part of a value that must stay in sight. `seen`: the containers looked into so far, with their depth."""
    for one in each(value):
        if isinstance(one, Module) or (isinstance(one, Builtin) and one.name in analysis.tables.followed):
            return one
        if isinstance(one, Method) and isinstance(one.owner, Builtin) and one.name in _TEMPLATES:
            return one
        if isinstance(one, Lib) and _is_judged(analysis, one.path):
            return one
        if isinstance(one, Bag) and depth < MOST_DEPTH and (id(one), depth) not in seen:
            seen.add((id(one), depth))
            found = _followed_item(analysis, one, depth, seen)
            if found is not None:
                return found
    return None


def _followed_item(
    analysis: Analysis, bag: Bag, depth: int, seen: set[tuple[int, int]]
) -> Module | Builtin | Method | Lib | None:
    for item in bag.items[:MOST_ITEMS]:
        if isinstance(item, Module):
            return item
        found = _followed(analysis, item, depth + 1, seen) if isinstance(item, Bag | Many) else None
        if found is not None:
            return found
    return None


def _is_judged(analysis: Analysis, path: str) -> bool:
    """Recognise a library's function whose arguments have to be seen."""
    tables = analysis.tables
    root, _, name = path.rpartition(".")
    if ".formula." in path or path in FILE_ARGUMENTS or path in tables.judged:
        return True
    if root != "json" and (name in tables.reading or name in _WRITING):
        return True
    rule = tables.judge_name(name)
    return rule == "judged" or rule.startswith("library.")
