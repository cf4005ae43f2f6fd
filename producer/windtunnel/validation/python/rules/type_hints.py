"""Rules about type hints: a string in one is code for whoever asks for the type."""

from __future__ import annotations

import ast

from windtunnel.validation.python.evaluation.analysis import Analysis
from windtunnel.validation.python.values.lattice import Const, Text, each, has_built

_INSIDE = frozenset("attributes.interpreter attributes.dunder attributes.frame attributes.module".split())
_TYPE = (
    ast.Expression, ast.Name, ast.Attribute, ast.Subscript, ast.Tuple, ast.List, ast.BinOp, ast.BitOr, ast.Constant,
    ast.expr_context, ast.Starred, ast.UnaryOp, ast.USub,
)  # fmt: skip
MOST_TYPE = 400
"""Characters of a string that is read as a type."""
_TYPE_MAKERS = frozenset({"TypeVar", "NamedTuple", "TypedDict", "NewType", "ForwardRef", "cast", "TypeAliasType"})


def judge_annotation(analysis: Analysis, node: ast.AST | None) -> None:
    """Evaluate an annotation; a string in it is code for whoever asks for the type."""
    if node is None:
        return
    value = analysis.value(node)
    if isinstance(node, ast.Name | ast.Attribute):
        for one in each(value):
            if isinstance(one, Const) and isinstance(one.value, str):
                judge_type(analysis, node, one.value)
            elif has_built(one):
                analysis.report("structure.annotation", node, "The annotation may be a string that cannot be read.")
        return
    stack = [node]
    while stack:
        part = stack.pop()
        if isinstance(part, ast.Subscript) and _is_literal(part):
            continue  # its strings are values
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            judge_type(analysis, part, part.value)
        elif isinstance(part, ast.JoinedStr | ast.BinOp) and not isinstance(getattr(part, "op", None), ast.BitOr):
            if has_built(analysis.value(part)) or type(analysis.value(part)) in (Text, Const):
                analysis.report("structure.annotation", part, "The annotation is a string put together.")
        stack.extend(ast.iter_child_nodes(part))


def _is_literal(node: ast.Subscript) -> bool:
    name = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
    return name == "Literal"


def judge_type(analysis: Analysis, node: ast.AST, text: str, depth: int = 0) -> None:
    """Judge a string that `get_type_hints` and its kin evaluate: it may only name types."""
    if not any(mark in text for mark in "(_@:`") and len(text) < MOST_TYPE and " if " not in text:
        return
    if len(text) >= MOST_TYPE or depth > 3:
        if "(" in text or "__" in text:
            analysis.report("structure.annotation", node, "The annotation is too long a string to be read.")
        return
    try:
        tree = ast.parse(text.strip(), mode="eval") if text.count("(") + text.count("[") < 40 else None
    except (SyntaxError, ValueError, MemoryError):
        return
    if tree is None:
        analysis.report("structure.annotation", node, "The annotation is too deep a string to be read.")
        return
    for part in ast.walk(tree):
        name = str(getattr(part, "attr", None) or getattr(part, "id", ""))
        inside = analysis.tables.judge_name(name) in _INSIDE or name in analysis.tables.builtins
        if inside or not isinstance(part, _TYPE):
            analysis.report("structure.annotation", node, "The annotation is a string with code in it.")
            return
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            judge_type(analysis, node, part.value, depth + 1)


def judge_type_maker(analysis: Analysis, node: ast.Call, path: str) -> None:
    """Judge the strings given to what makes types: `NamedTuple("P", [("x", "int")])`."""
    if path.rpartition(".")[2] not in _TYPE_MAKERS or not path.startswith("typing"):
        return
    named = [keyword.value for keyword in node.keywords]
    for given in node.args[:1] if path.endswith("cast") else (*node.args, *named):
        for part in ast.walk(given):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                judge_type(analysis, part, part.value)
            elif isinstance(part, ast.Name | ast.Call | ast.BinOp) and has_built(analysis.value(part)):
                analysis.report("structure.annotation", part, "A type given by a string that cannot be read.")
