"""Java: imports and full names against an allowlist, types and methods that reach the machine."""

from __future__ import annotations

import re

from tree_sitter import Node

from windtunnel.validation.trees.syntax import Program, judge_import

_ROOTS = ("java.", "javax.", "jdk.", "sun.", "com.sun.", "org.", "com.", "io.", "net.")
_ESCAPE = re.compile(r"\\\\|\\u+([0-9a-fA-F]{4})")
"""A unicode escape; of two backslashes in a row neither begins one."""


def translate(text: str) -> tuple[str, bool]:
    """Translate unicode escapes as the compiler does, before anything else. True if one hid plain ASCII."""
    hid = any(32 <= int(found[1], 16) < 127 for found in _ESCAPE.finditer(text) if found[1])
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else found[0], text), hid


def _judge_imports(program: Program) -> None:
    for node in program.of("import_declaration", "package_declaration"):
        path = next((program.text(one) for one in node.named_children if one.type != "asterisk"), "")
        if node.type == "import_declaration":
            star = any(one.type == "asterisk" for one in node.named_children)
            judge_import(program, path + (".*" if star else ""), node)


def _judge_full_names(program: Program) -> None:
    for node in program.of("scoped_type_identifier", "field_access", "scoped_identifier"):
        if node.parent is not None and node.parent.type in (
            "scoped_type_identifier", "field_access", "scoped_identifier", "import_declaration",
            "package_declaration",
        ):  # fmt: skip
            continue
        text = re.sub(r"\s|<[^<>]*>", "", program.text(node))
        if text.startswith(_ROOTS) and text.count(".") >= 2:
            judge_import(program, text, node)


def _judge_system(program: Program, node: Node, name: str) -> None:
    allowed = program.names("system", "members")
    if name not in allowed:
        program.report("names.process", node, f"System.{name} reaches the machine.")


def _judge_names(program: Program) -> None:
    types = program.group("names")
    own = {
        program.text(node.child_by_field_name("name"))
        for node in program.of(
            "class_declaration",
            "interface_declaration",
            "enum_declaration",
            "record_declaration",
            "type_parameter",
        )
    }
    for node in program.of("type_identifier", "identifier"):
        name = program.text(node)
        parent = node.parent
        if name in types and name not in own and not _declares(node):
            program.report(types[name], node, f"{name} reaches the machine or the class loader.")
        elif name == "System" and parent is not None and "System" not in own:
            member = parent.child_by_field_name("field") or parent.child_by_field_name("name")
            if member is None or member == node:
                program.report("names.process", node, "System is used as a value.")
            else:
                _judge_system(program, parent, program.text(member))


_WRITERS = frozenset({"Formatter", "PrintStream"})
_IN_MEMORY = frozenset(
    "StringBuilder StringBuffer Appendable Locale OutputStream ByteArrayOutputStream StringWriter".split()
)


def _judge_writers(program: Program) -> None:
    """Judge constructors that take the name of a file among other things: `new Formatter(x)`."""
    memory = set()
    for node in program.of("local_variable_declaration", "field_declaration", "formal_parameter"):
        if program.text(node.child_by_field_name("type")) in _IN_MEMORY:
            for one in node.children_by_field_name("declarator") or [node]:
                memory.add(program.text(one.child_by_field_name("name")))
    for node in program.of("object_creation_expression"):
        kind = program.text(node.child_by_field_name("type")).split(".")[-1]
        arguments = node.child_by_field_name("arguments")
        given = arguments.named_children if arguments is not None else []
        if kind in _WRITERS and given:
            first = program.text(given[0])
            made = first.startswith("new ") and first[4:].split("(")[0].strip() in _IN_MEMORY
            if not (made or first in memory or first.startswith(("System.out", "System.err", "Locale."))):
                program.report("names.files", node, f"new {kind}(…) opens the file it is given the name of.")
    for node in program.of("method_reference"):
        if program.text(node).replace(" ", "").endswith(("Formatter::new", "PrintStream::new")):
            program.report("names.files", node, "A constructor that opens files is handed on.")
    for node in program.of("superclass"):
        if program.text(node).split()[-1].split(".")[-1] in _WRITERS:
            program.report("names.files", node, "A class that opens files is extended.")


def _declares(node: Node) -> bool:
    parent = node.parent
    return (
        parent is not None
        and node.type == "identifier"
        and parent.child_by_field_name("name") == node
        and parent.type in ("variable_declarator", "formal_parameter", "method_declaration", "enum_constant")
    )


def _judge_methods(program: Program) -> None:
    methods = program.group("members")
    own = {program.text(node.child_by_field_name("name")) for node in program.of("method_declaration")}
    for node in program.of("method_invocation", "method_reference"):
        name_node = node.child_by_field_name("name") or (node.named_children[-1] if node.named_children else None)
        name = program.text(name_node)
        if name == "getClass":
            above = node.parent
            if above is not None and above.type == "method_invocation" and above.child_by_field_name("object") == node:
                after = program.text(above.child_by_field_name("name"))
                if after not in ("getSimpleName", "getName", "equals", "hashCode", "toString"):
                    program.report("members.reflection", above, f"getClass().{after} is reflection.")
            continue
        receiver = node.child_by_field_name("object")
        if name in methods and not (name in own and (receiver is None or program.text(receiver) == "this")):
            program.report(methods[name], node, f"{name} reaches the machine or the class loader.")
    for node in program.of("modifiers"):
        if any(one.type == "native" for one in node.children):
            program.report("structure.native", node, "A native method is machine code.")
    for node in program.of("method_declaration"):
        if program.text(node.child_by_field_name("name")) in ("finalize", "readObject", "readResolve"):
            program.report("structure.hook", node, "The method runs without being called.")


def analyse(program: Program) -> None:
    """Apply the rules."""
    _judge_imports(program)
    _judge_full_names(program)
    _judge_names(program)
    _judge_methods(program)
    _judge_writers(program)
