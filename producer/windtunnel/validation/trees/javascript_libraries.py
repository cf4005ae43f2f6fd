"""JavaScript libraries with functions that compile a text, or that follow a path into an object: lodash, mathjs.

Which functions those are is in the policy (`[libraries.NAME]`).
"""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from windtunnel.validation.trees.javascript_strings import Strings, unescape
from windtunnel.validation.trees.syntax import Program, walk


def judge(program: Program, strings: Strings) -> None:
    """Judge the imports and calls of the libraries that the policy names."""
    libraries: dict[str, dict[str, str]] = program.policy.data.get("libraries", {})
    for library, known in libraries.items():
        compile_text, paths = set(known.get("execution", "").split()), set(known.get("paths", "").split())
        names: dict[str, str] = {}
        for path, place in _imports(program, library):
            _judge_import(program, path, place, compile_text)
            names |= _bound(program, place)
        if not names:
            continue
        for node in program.of("call_expression"):
            name = _called(program, node, names)
            if name in compile_text:
                program.report("names.execution", node, f"{library}'s {name} makes code of a text.")
            elif name in paths:
                _judge_path(program, strings, node, f"{library}'s {name}")


def _imports(program: Program, library: str) -> Iterator[tuple[str, Node]]:
    """Give the path of every import of a library, and the statement or the call of `require`."""
    for node in program.of("import_statement", "call_expression"):
        source = node.child_by_field_name("source")
        if node.type == "call_expression":
            arguments = node.child_by_field_name("arguments")
            required = program.text(node.child_by_field_name("function")) == "require"
            source = arguments.named_children[0] if required and arguments and arguments.named_children else None
        path = unescape(program.text(source)[1:-1]) if source is not None else ""
        if path.partition("/")[0] == library:
            yield path, node


def _judge_import(program: Program, path: str, place: Node, compile_text: set[str]) -> None:
    part = path.partition("/")[2]
    names = {part} | {
        program.text(one.child_by_field_name("name")) for one in walk(place) if one.type == "import_specifier"
    }
    declared = place.parent
    if declared is not None and declared.type == "variable_declarator":
        names |= set(_taken(program, declared.child_by_field_name("name")))
    if declared is not None and declared.type == "member_expression":
        names.add(program.text(declared.child_by_field_name("property")))
    for name in sorted(names & compile_text):
        program.report("names.execution", place, f"{path}: {name} makes code of a text.")


def _bound(program: Program, place: Node) -> dict[str, str]:
    """Map the names that an import binds to the function, or to '' for the whole library."""
    found: dict[str, str] = {}
    if place.type == "import_statement":
        for one in walk(place):
            if one.type == "import_specifier":
                name = program.text(one.child_by_field_name("name"))
                found[program.text(one.child_by_field_name("alias")) or name] = name
            elif one.type in ("import_clause", "namespace_import"):
                found |= {program.text(child): "" for child in one.named_children if child.type == "identifier"}
        return found
    above = place.parent
    if above is not None and above.type == "variable_declarator":
        pattern = above.child_by_field_name("name")
        if pattern is not None and pattern.type == "identifier":
            return {program.text(pattern): ""}
        return _taken(program, pattern)
    return {}


def _taken(program: Program, pattern: Node | None) -> dict[str, str]:
    """Map what `const { get, set: put } = …` binds to the members' names."""
    found: dict[str, str] = {}
    for one in pattern.named_children if pattern is not None else ():
        if one.type == "shorthand_property_identifier_pattern":
            found[program.text(one)] = program.text(one)
        elif one.type == "pair_pattern":
            found[program.text(one.child_by_field_name("value"))] = program.text(one.child_by_field_name("key"))
    return found


def _called(program: Program, node: Node, names: dict[str, str]) -> str:
    function = node.child_by_field_name("function")
    if function is None:
        return ""
    if function.type == "member_expression":
        owner = program.text(function.child_by_field_name("object"))
        return program.text(function.child_by_field_name("property")) if names.get(owner) == "" else ""
    return names.get(program.text(function), "")


def _judge_path(program: Program, strings: Strings, call: Node, how: str) -> None:
    """Judge the paths given to a function that follows them: each part has to be known, and harmless."""
    arguments = call.child_by_field_name("arguments")
    rules = program.group("members")
    stack = list(arguments.named_children) if arguments is not None else []
    while stack:
        given = stack.pop()
        if given.type == "array":
            stack.extend(given.named_children)
            continue
        parts = strings.fold(given)
        if parts is None:
            continue
        if any(part is not None and "\0" in part for part in parts):
            program.report("members.unknown_name", given, f"{how} follows a path that cannot be read.")
            return
        for word in "".join(part or "" for part in parts).replace("[", ".").split("."):
            if word.strip("]'\"") in rules:
                program.report(rules[word.strip("]'\"")], given, f"{how} leads to {word}.")
                return
