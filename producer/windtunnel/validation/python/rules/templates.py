"""Rules about templates of `format`: their fields may not walk attributes, and their text has to be known."""

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
)

_FIELD = re.compile(r"\{\s*[\w]*\s*((?:\.\w*|\[[^\]]*\])+)")
_ATTRIBUTE = re.compile(r"\.(\w+)")


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
    if (template, partial) in analysis.harmless_templates:
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
    analysis.harmless_templates.add((template, partial))


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
