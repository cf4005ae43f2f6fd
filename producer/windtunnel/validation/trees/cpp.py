"""C++: includes against an allowlist, the preprocessor's disguises, system names, assembly and raw calls."""

from __future__ import annotations

import re
from bisect import bisect_left

from tree_sitter import Node

from windtunnel.contract import SecurityLevel
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
            given = node.parent.child_by_field_name("arguments") if node.parent is not None else None
            numbers = given is not None and all(
                one.type == "number_literal" and program.text(one) != "0" for one in given.named_children
            )
            called = "(" in arguments or numbers
            rule = "structure.raw_call" if called else "structure.raw_memory"
            program.report(rule, node, f"{name} looks at raw memory.")
    for node in program.of("linkage_specification"):
        if (
            any(one.type == "function_declarator" for one in walk(node))
            and "{" not in program.text(node).split(")")[-1]
        ):
            program.report("structure.linkage", node, "Declares a function of another library.")


_CALLABLES = frozenset({"function", "move_only_function", "packaged_task"})
"""Templates of the standard library that hold a pointer to a function."""
_COPIES = frozenset(
    """memcpy memmove memset memccpy mempcpy bcopy strcpy strncpy copy copy_n __builtin_memcpy __builtin_memmove
    uninitialized_copy swap_ranges fill_n""".split()
)


def _pointed(program: Program, fields: _Fields) -> tuple[set[str], set[str]]:
    """Give the types that hold pointers to functions, and the variables of such types."""
    types: set[str] = set()
    for node in program.of("type_definition", "alias_declaration"):
        if any(one.type in ("function_declarator", "abstract_function_declarator") for one in walk(node)):
            name = node.child_by_field_name("name")
            words = [program.text(one) for one in walk(node) if one.type == "type_identifier"]
            types.add(program.text(name) if name is not None else (words or [""])[-1])
            types.update(words[-1:])
    virtual = [one.start_byte for one in program.of("virtual")]
    for node in program.of("class_specifier", "struct_specifier"):
        if fields.hold_function(node, types) or _within(node, virtual):
            types.add(program.text(node.child_by_field_name("name")))
    names: set[str] = set()
    brackets = [one.start_byte for one in program.of("parenthesized_declarator")]
    for node in program.of("declaration", "parameter_declaration", "field_declaration"):
        kind = program.text(node.child_by_field_name("type"))
        if (
            kind in types
            or kind.split("<")[0].split("::")[-1] in _CALLABLES
            or ("(*" in program.text(node) and _within(node, brackets))
        ):
            names |= {program.text(one) for one in walk(node) if one.type in ("identifier", "field_identifier")}
    return types - {""}, names


class _Fields:
    """The fields of all classes, found once: classes that nest would be walked once for each that is around them."""

    def __init__(self, program: Program) -> None:
        self._starts = [one.start_byte for one in program.of("field_declaration")]
        self._kinds = [program.text(one.child_by_field_name("type")) for one in program.of("field_declaration")]
        brackets = [one.start_byte for one in program.of("parenthesized_declarator")]
        self._pointers = [_is_pointer(program, one, brackets) for one in program.of("field_declaration")]

    def hold_function(self, node: Node, types: set[str]) -> bool:
        """Say whether a field of a class, or of one within it, is a pointer to a function."""
        places = range(bisect_left(self._starts, node.start_byte), bisect_left(self._starts, node.end_byte))
        return any(self._pointers[place] or self._kinds[place] in types for place in places)


def _is_pointer(program: Program, declaration: Node, brackets: list[int]) -> bool:
    """Recognise `kind (*name)(…)` and `kind Class::*name`. `brackets`: where declarators in brackets begin."""
    text = program.text(declaration)
    return ("(*" in text and _within(declaration, brackets)) or "::*" in text


def _within(node: Node, starts: list[int]) -> bool:
    """Say whether one of these places, which are in order, lies in a node."""
    at = bisect_left(starts, node.start_byte)
    return at < len(starts) and starts[at] < node.end_byte


def _judge_pointers(program: Program) -> None:
    """Judge pointers to functions that are made of data: by a union, a cast or a copy of bytes."""
    fields = _Fields(program)
    types, names = _pointed(program, fields)
    said = "Data would run as code."
    for node in program.of("union_specifier"):
        if fields.hold_function(node, types):
            program.report("structure.raw_call", node, f"A union makes a pointer to a function. {said}")
    for node in program.of("cast_expression", "template_function"):
        kind = node.child_by_field_name("type") or node.child_by_field_name("arguments")
        words = set(_WORD.findall(program.text(kind)))
        cast = node.type == "cast_expression" or program.text(node.child_by_field_name("name")).endswith("_cast")
        if cast and (words & types) and "static_cast" not in program.text(node.child_by_field_name("name")):
            program.report("structure.raw_call", node, f"A cast makes a pointer to a function. {said}")
    for node in program.of("pointer_expression"):
        argument = node.child_by_field_name("argument")
        text = program.text(argument)
        if program.text(node).startswith("&") and set(_WORD.findall(text)[-1:]) & names:
            above = node.parent
            call = above.parent if above is not None and above.type == "argument_list" else above
            function = call.child_by_field_name("function") if call is not None else None
            casts = above is not None and above.type == "cast_expression"
            if casts or (function is not None and _copies(program, function)):
                program.report("structure.raw_call", node, f"The bytes of a pointer to a function. {said}")
    for node in program.of("call_expression"):
        function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        if function is None or arguments is None or not _copies(program, function):
            continue
        given = [set(_WORD.findall(program.text(one))) for one in arguments.named_children[:1]]
        if any(words & names for words in given):
            program.report("structure.raw_call", node, f"Copies bytes over a pointer to a function. {said}")


_ADDRESS = re.compile(r"\bu?intptr_t\b|\breinterpret_cast\s*<[^<>*&]*>")
"""What makes a number of a pointer."""


def _judge_addresses(program: Program) -> None:
    """Judge pointers that are made of numbers: they reach any memory."""
    addresses: set[str] = set()
    for node in program.of("declaration", "parameter_declaration", "field_declaration"):
        if _ADDRESS.search(program.text(node)):
            addresses |= {program.text(one) for one in walk(node) if one.type in ("identifier", "field_identifier")}
    for node in program.of("cast_expression", "call_expression"):
        cast = node.child_by_field_name("function") or node.child_by_field_name("type")
        given = program.text(node.child_by_field_name("arguments") or node.child_by_field_name("value"))
        if cast is None or not any(one.type == "abstract_pointer_declarator" for one in walk(cast)):
            continue
        if _ADDRESS.search(given) or not addresses.isdisjoint(_WORD.findall(given)):
            said = "Makes a pointer of a number: it reaches any memory."
            program.report("structure.raw_memory", node, said, severity=SecurityLevel.HIGH)


def _copies(program: Program, function: Node) -> bool:
    name = program.text(function)
    return name.split("<")[0].split("::")[-1] in _COPIES or "reinterpret_cast" in name or "bit_cast" in name


def analyse(program: Program) -> None:
    """Apply the rules."""
    text = program.source.decode("utf-8", "replace")
    _judge_preprocessor(program, text)
    _judge_names(program)
    _judge_structure(program)
    _judge_pointers(program)
    _judge_addresses(program)
