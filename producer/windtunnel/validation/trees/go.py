"""Go: imports against an allowlist, compiler directives, cgo, what of `os` and `reflect` may be used."""

from __future__ import annotations

from windtunnel.validation.trees.syntax import Program, judge_import

_DIRECTIVES = (
    "//go:linkname",
    "//go:cgo",
    "//go:embed",
    "//go:noescape",
    "//go:nosplit",
    "//export",
    "//go:wasmimport",
    "//go:generate",
    "//go:uintptrescapes",
    "//go:notinheap",
    "//line ",
    "/*line ",
)


def _judge_imports(program: Program) -> dict[str, str]:
    """Judge imports and give the packages whose names are judged one by one, by their name here."""
    judged: dict[str, str] = {}
    names = program.policy.data["packages"]
    for node in program.of("import_spec"):
        path_node = node.child_by_field_name("path")
        path = program.text(path_node).strip('"`')
        alias = program.text(node.child_by_field_name("name"))
        if path == "C":
            program.report("imports.dangerous", node, "cgo compiles and runs C.")
            continue
        if "\\" in path:
            program.report("imports.dangerous", node, "An import path with escapes in it.")
            continue
        if alias in (".", "_"):
            what = "merges" if alias == "." else "runs the initialiser of"
            program.report("imports.hidden", node, f"The import {alias} {what} {path}.")
        if judge_import(program, path, node) and path in names:
            judged[alias or path.rsplit("/", 1)[-1]] = path
    return judged


def _judge_selectors(program: Program, judged: dict[str, str]) -> None:
    packages = program.policy.data["packages"]
    members = program.group("members")
    for node in program.of("selector_expression", "qualified_type"):
        owner = node.child_by_field_name("operand") or node.child_by_field_name("package")
        field = node.child_by_field_name("field") or node.child_by_field_name("name")
        name, base = program.text(field), program.text(owner)
        if base in judged:
            if name not in packages[judged[base]].split():
                program.report("names.process", node, f"{base}.{name} reaches the machine.")
        elif name in members:
            program.report(members[name], node, f".{name} reaches behind the type system or the machine.")


def _judge_directives(program: Program) -> None:
    for node in program.of("comment"):
        text = program.text(node)
        if text.startswith(_DIRECTIVES):
            program.report("structure.directive", node, f"The directive {text.split()[0]} changes how Go compiles.")
    for node in program.of("function_declaration"):
        if node.child_by_field_name("body") is None:
            program.report("structure.directive", node, "A function without a body is linked from elsewhere.")


def analyse(program: Program) -> None:
    """Apply the rules."""
    judged = _judge_imports(program)
    _judge_selectors(program, judged)
    _judge_directives(program)
