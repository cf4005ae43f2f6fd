"""Go: imports against an allowlist, compiler directives, cgo, what of `os` and `reflect` may be used."""

from __future__ import annotations

from tree_sitter import Node

from windtunnel.validation.trees.syntax import Program, judge_import, walk

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


_STREAMS = frozenset({"Stdout", "Stderr"})
_STREAM_METHODS = frozenset({"Write", "WriteString", "Sync"})


def _judge_streams(program: Program, judged: dict[str, str]) -> None:
    """Judge methods of `os.Stdout`: it is a file, with all that files can do."""
    for node in program.of("selector_expression"):
        owner = node.child_by_field_name("operand")
        if owner is None or owner.type != "selector_expression":
            continue
        base = program.text(owner.child_by_field_name("operand"))
        if judged.get(base) == "os" and program.text(owner.child_by_field_name("field")) in _STREAMS:
            name = program.text(node.child_by_field_name("field"))
            if name not in _STREAM_METHODS:
                program.report("names.process", node, f"os.….{name} is a method of a file.")


def _judge_races(program: Program) -> None:
    """Judge goroutines that assign a shared variable again and again: half a value of another type is seen."""
    functions = {program.text(one.child_by_field_name("name")): one for one in program.of("function_declaration")}
    judged: set[str] = set()
    for node in program.of("go_statement"):
        call = next((one for one in node.named_children if one.type == "call_expression"), None)
        function = call.child_by_field_name("function") if call is not None else None
        if function is not None and function.type == "identifier":
            name = program.text(function)
            function = None if name in judged else functions.get(name) or _literal(program, name)
            judged.add(name)
        if function is None or ".Lock()" in program.text(function):
            continue
        local, looped = _locals(program, function), 0
        for part in walk(function):
            if part.type == "for_statement":
                looped = max(looped, part.end_byte)
            elif part.type == "assignment_statement" and part.start_byte < looped:
                if _assigns_shared(program, part, local):
                    program.report("structure.race", part, "A goroutine assigns a shared variable without a lock.")
                    return


def _literal(program: Program, name: str) -> Node | None:
    for node in program.of("short_var_declaration", "var_spec"):
        if program.text(node).startswith(name):
            return next((one for one in walk(node) if one.type == "func_literal"), None)
    return None


def _locals(program: Program, function: Node) -> set[str]:
    found: set[str] = set()
    for part in walk(function):
        if part.type in ("short_var_declaration", "range_clause"):
            found |= {program.text(one) for one in walk(part.child_by_field_name("left") or part)}
        elif part.type in ("var_spec", "parameter_declaration"):
            found |= {program.text(one) for one in part.named_children if one.type == "identifier"}
    return found


def _assigns_shared(program: Program, node: Node, local: set[str]) -> bool:
    left = node.child_by_field_name("left")
    if left is None or program.text(node.child_by_field_name("operator")) != "=":
        return False
    plain = [
        one for one in left.named_children if one.type in ("identifier", "selector_expression", "unary_expression")
    ]
    roots = {program.text(one).lstrip("*").split(".")[0] for one in plain}
    return bool(roots - local - {"_"})


def analyse(program: Program) -> None:
    """Apply the rules."""
    judged = _judge_imports(program)
    _judge_selectors(program, judged)
    _judge_directives(program)
    _judge_streams(program, judged)
    _judge_races(program)
