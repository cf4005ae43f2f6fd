"""Rules about strings that are little programs: formats that walk attributes, annotations."""

from __future__ import annotations

import ast
import re
import string

from windtunnel.validation.python.evaluation.analysis import Analysis
from windtunnel.validation.python.evaluation.call import Call
from windtunnel.validation.python.values import texts
from windtunnel.validation.python.values.lattice import (
    OPAQUE,
    Builtin,
    Class,
    Const,
    Foreign,
    Func,
    Inst,
    Lib,
    Module,
    Text,
    Unknown,
    Value,
    each,
    has_built,
)

_FIELD = re.compile(r"\{\s*[\w]*\s*((?:\.\w*|\[[^\]]*\])+)")
_ATTRIBUTE = re.compile(r"\.(\w+)")
_INSIDE = frozenset("attributes.interpreter attributes.dunder attributes.frame attributes.module".split())


def judge_format(
    analysis: Analysis, node: ast.AST, owner: Value,
) -> None:  # fmt: skip
    """Judge `template.format(…)`: its fields may not walk attributes."""
    for one in each(owner):
        if isinstance(one, Const) and isinstance(one.value, str):
            judge_template(analysis, node, one.value)
        elif one is OPAQUE or (isinstance(one, Foreign) and texts.may_be_text(one)):
            analysis.report("attributes.format_unknown", node, "Formats with a template that cannot be read.")
        elif isinstance(one, Text):
            judge_template(analysis, node, one.known.replace("\x00", ""), partial=True)
            if one.built:
                analysis.report("attributes.format_unknown", node, "Formats with a template that cannot be read.")


def judge_template(analysis: Analysis, node: ast.AST, template: str, *, partial: bool = False) -> None:
    """Report the fields of a format template that walk into their values."""
    if "{" not in template or ("." not in template and "[" not in template):
        return
    fields: list[str] = []
    try:
        fields = [field for _, field, _, _ in string.Formatter().parse(template) if field]
        specs = [spec for _, _, spec, _ in string.Formatter().parse(template) if spec and "{" in spec]
        for spec in specs:
            fields += [field for _, field, _, _ in string.Formatter().parse(spec) if field]
    except ValueError:
        partial = True
    walks = ["." + rest for field in fields for rest in field.split(".")[1:]]
    if partial:
        walks += _FIELD.findall(template)
    for walk in walks:
        for name in _ATTRIBUTE.findall(walk):
            rule = analysis.tables.judge_name(name)
            if rule.startswith("attributes.") or name.startswith("_"):
                analysis.report("attributes.format_walk", node, f"The format reads the attribute {name}.")
                return


_REACHING = (Func, Class, Inst, Lib, Module, Builtin)
"""What leads to modules by its attributes."""


def judge_format_call(analysis: Analysis, call: Call, receiver: Value, name: str) -> None:
    """Judge `.format` and `.format_map` on a receiver whose text is not known."""
    reaching = any(type(one) in _REACHING for given in call.arguments for one in each(given))
    for one in each(receiver):
        library = isinstance(one, Foreign) and (texts.may_be_text(one) or (reaching and _is_text(one.path)))
        if one is OPAQUE or library or (isinstance(one, Unknown) and reaching):
            analysis.report("attributes.format_unknown", call.node, f".{name} of a template that cannot be read.")
    if name == "format" and call.arguments and type(receiver).__name__ == "Builtin":
        for one in each(call.arguments[0]):
            if isinstance(one, Const) and isinstance(one.value, str):
                judge_template(analysis, call.node, one.value)
            elif not (isinstance(one, Text) and not one.built):
                analysis.report("attributes.format_unknown", call.node, "str.format of a template that cannot be read.")


def _is_text(path: str) -> bool:
    """Say whether `.format` of a library's value may be that of a text: of all but what lays out tables and data."""
    parts = path.split(".")
    return parts[0] != "sandbox" and not any("style" in part or "Styler" in part for part in parts)


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


_TYPE = (
    ast.Expression, ast.Name, ast.Attribute, ast.Subscript, ast.Tuple, ast.List, ast.BinOp, ast.BitOr, ast.Constant,
    ast.expr_context, ast.Starred, ast.UnaryOp, ast.USub,
)  # fmt: skip
MOST_TYPE = 400


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


_TYPE_MAKERS = frozenset({"TypeVar", "NamedTuple", "TypedDict", "NewType", "ForwardRef", "cast", "TypeAliasType"})


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
