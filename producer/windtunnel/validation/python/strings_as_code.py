"""Rules about strings that are little programs: formats that walk attributes, annotations."""

from __future__ import annotations

import ast
import re
import string

from windtunnel.validation.python.analysis import Analysis
from windtunnel.validation.python.values import (
    Const,
    Foreign,
    Inst,
    Lib,
    Method,
    Text,
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
        if type(one) is Const and isinstance(one.value, str):
            judge_template(analysis, node, one.value)
        elif type(one) is Text:
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


def judge_format_call(analysis: Analysis, node: ast.Call, receiver: Value, arguments: list[Value], name: str) -> None:
    """Judge `.format` and `.format_map` on a receiver that is no known text."""
    for one in each(receiver):
        if type(one) in (Foreign, Lib, Inst, Const, Text, Method):
            continue
        if has_built(one):
            analysis.report("attributes.format_unknown", node, f".{name} of a template that cannot be read.")
    if name == "format" and arguments and type(receiver).__name__ == "Builtin":
        for one in each(arguments[0]):
            if type(one) is Const and isinstance(one.value, str):
                judge_template(analysis, node, one.value)
            elif not (type(one) is Text and not one.built):
                analysis.report("attributes.format_unknown", node, "str.format of a template that cannot be read.")


def judge_annotation(analysis: Analysis, node: ast.AST | None) -> None:
    """Evaluate an annotation; a string in it is code for whoever asks for the type."""
    if node is None:
        return
    analysis.value(node)
    for part in ast.walk(node) if not isinstance(node, ast.Name) else ():
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and len(part.value) < 2000:
            if isinstance(node, ast.Subscript) and _is_literal(node):
                return
            _judge_string(analysis, part)


def _is_literal(node: ast.Subscript) -> bool:
    name = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
    return name in ("Literal", "Annotated")


def _judge_string(analysis: Analysis, node: ast.Constant) -> None:
    text = str(node.value)
    if not any(mark in text for mark in "(_@:"):
        return
    try:
        tree = ast.parse(text.strip(), mode="eval") if text.count("(") < 20 else None
    except (SyntaxError, ValueError, MemoryError):
        tree = None
    odd = (ast.Call, ast.Lambda, ast.NamedExpr, ast.ListComp, ast.GeneratorExp, ast.Await)
    if tree is None:
        return
    for part in ast.walk(tree):
        name = str(getattr(part, "attr", None) or getattr(part, "id", ""))
        if isinstance(part, odd) or analysis.tables.judge_name(name) in _INSIDE or (name in analysis.tables.builtins):
            analysis.report("structure.annotation", node, "The annotation is a string with code in it.")
            return
