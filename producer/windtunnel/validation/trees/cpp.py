"""C++: includes against an allowlist, the preprocessor's disguises, system names, assembly and raw calls."""

from __future__ import annotations

import re

from tree_sitter import Node

from windtunnel.validation.trees.syntax import Program, judge_import, walk

_WORD = re.compile(r"[A-Za-z_]\w*")
_SPLICE = re.compile(r"\w\\\r?\n\w|\?\?[=/'()!<>-]|(?<![<>\w])%:|\\u[0-9a-fA-F]{4}\w|\w\\u[0-9a-fA-F]{4}")
_STRINGS = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|//[^\n]*|/\*.*?\*/', re.DOTALL)


def _judge_preprocessor(program: Program, text: str) -> None:
    for node in program.of("preproc_include"):
        path = node.child_by_field_name("path")
        shown = program.text(path)
        if path is None or path.type not in ("system_lib_string", "string_literal"):
            program.report("structure.preprocessor", node, "An include whose file is not written out.")
        else:
            judge_import(program, shown.strip('<>"'), node)
    names = program.group("names")
    for node in program.of("preproc_def", "preproc_function_def"):
        body = program.text(node.child_by_field_name("value"))
        if "##" in body or "%:%:" in body or "_Pragma" in body:
            program.report("structure.preprocessor", node, "Token pasting makes names that cannot be read here.")
        for word in _WORD.findall(body):
            if word in names:
                program.report(names[word], node, f"A macro stands for {word}.")
    for node in program.of("preproc_call"):
        directive = program.text(node)[:60]
        if not directive.startswith(("#pragma once", "#undef", "#error", "#warning", "#pragma GCC optimize")):
            program.report("structure.preprocessor", node, f"The directive {directive.split()[0]} is not allowed.")
    found = _SPLICE.search(_STRINGS.sub('""', text))
    if found is not None:
        line = text.count("\n", 0, text.find(found[0])) + 1
        program.findings.add("structure.preprocessor", (line, 0), "A spliced line, digraph or escape hides a name.")


def _declared(program: Program) -> set[str]:
    """Names that the program itself declares as variables, parameters, fields or functions with a body."""
    found: set[str] = set()
    for node in program.of("function_definition"):
        declarator = node.child_by_field_name("declarator")
        name = declarator.child_by_field_name("declarator") if declarator is not None else None
        found.add(program.text(name).split("::")[-1])
    for node in program.of(
        "declaration",
        "parameter_declaration",
        "field_declaration",
        "init_declarator",
        "optional_parameter_declaration",
        "for_range_loop",
        "structured_binding_declarator",
    ):
        if any(program.text(one) == "extern" for one in node.children if one.type == "storage_class_specifier"):
            continue
        for child in node.children_by_field_name("declarator"):
            inner: Node | None = child
            while inner is not None and inner.type in (
                "init_declarator",
                "pointer_declarator",
                "reference_declarator",
                "array_declarator",
            ):
                inner = inner.child_by_field_name("declarator") or (
                    inner.named_children[-1] if inner.named_children else None
                )
            if inner is not None and inner.type in ("identifier", "field_identifier"):
                found.add(program.text(inner))
        if node.type == "structured_binding_declarator":
            found |= {program.text(one) for one in node.named_children}
    return found


def _judge_names(program: Program) -> None:
    names = program.group("names")
    declared = _declared(program)
    for node in program.of("identifier", "type_identifier", "namespace_identifier"):
        name = program.text(node)
        rule = names.get(name)
        if rule is None or (
            name in ("open", "read", "write", "signal", "remove", "bind", "connect") and _is_plain(node)
        ):
            continue
        if name == "remove" and _is_algorithm(node):
            continue
        if name in declared and not _is_qualified(program, node):
            continue
        program.report(rule, node, f"{name} reaches the machine.")


def _is_algorithm(node: Node) -> bool:
    """Recognise `std::remove(first, last, value)`, which only moves elements."""
    call = node.parent.parent if node.parent is not None and node.parent.type == "qualified_identifier" else node.parent
    arguments = call.child_by_field_name("arguments") if call is not None else None
    return arguments is not None and len(arguments.named_children) == 3


def _is_plain(node: Node) -> bool:
    """Recognise a name that is neither called nor qualified."""
    parent = node.parent
    if parent is None or parent.type == "qualified_identifier":
        return False
    return parent.type not in (
        "call_expression",
        "pointer_expression",
        "argument_list",
        "init_declarator",
        "function_declarator",
        "assignment_expression",
        "initializer_list",
    )


def _is_qualified(program: Program, node: Node) -> bool:
    parent = node.parent
    return (
        parent is not None
        and parent.type == "qualified_identifier"
        and (parent.child_by_field_name("scope") is None or program.text(parent).startswith("std::"))
    )


def _judge_structure(program: Program) -> None:
    for node in program.of("gnu_asm_expression", "asm_statement", "ms_asm_block"):
        program.report("structure.assembly", node, "Inline assembly.")
    for node in program.of("attribute_specifier", "attribute_declaration", "ms_declspec_modifier"):
        text = program.text(node)
        if any(word in text for word in ("constructor", "destructor", "section", "naked", "ifunc", "alias", "weak")):
            program.report("structure.attribute", node, "The attribute runs or places code of its own.")
    for node in program.of("cast_expression"):
        kind = node.child_by_field_name("type")
        if kind is not None and any(one.type == "abstract_function_declarator" for one in walk(kind)):
            program.report("structure.raw_call", node, "A cast to a function: data would run as code.")
    for node in program.of("template_function"):
        name = program.text(node.child_by_field_name("name"))
        if name in ("reinterpret_cast", "bit_cast"):
            arguments = program.text(node.child_by_field_name("arguments"))
            called = "(" in arguments
            rule = "structure.raw_call" if called else "structure.raw_memory"
            program.report(rule, node, f"{name} looks at raw memory.")
    for node in program.of("linkage_specification"):
        if (
            any(one.type == "function_declarator" for one in walk(node))
            and "{" not in program.text(node).split(")")[-1]
        ):
            program.report("structure.linkage", node, "Declares a function of another library.")


def analyse(program: Program) -> None:
    """Apply the rules."""
    text = program.source.decode("utf-8", "replace")
    _judge_preprocessor(program, text)
    _judge_names(program)
    _judge_structure(program)
