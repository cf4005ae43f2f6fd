"""JavaScript and TypeScript: globals by scope, members by name or folded string, code made of text."""

from __future__ import annotations

import re

from tree_sitter import Node

from windtunnel.validation.trees import javascript_libraries, javascript_members
from windtunnel.validation.trees.javascript_strings import Strings, unescape
from windtunnel.validation.trees.syntax import Program, ancestors, judge_import

_FUNCTIONS = frozenset(
    """function_declaration function_expression arrow_function method_definition generator_function
    generator_function_declaration class_static_block program""".split()
)
_PATTERNS = ("identifier", "shorthand_property_identifier_pattern")


def _scope(node: Node) -> Node | None:
    return next((one for one in ancestors(node) if one.type in _FUNCTIONS), None)


def _pattern_names(node: Node) -> list[Node]:
    found, stack = [], [node]
    while stack:
        one = stack.pop()
        if one.type in _PATTERNS:
            found.append(one)
        elif one.type == "pair_pattern":
            stack.extend(filter(None, [one.child_by_field_name("value")]))
        elif one.type in ("assignment_pattern", "required_parameter", "optional_parameter"):
            inner = one.child_by_field_name("left") or one.child_by_field_name("pattern")
            stack.extend([inner] if inner is not None else [])
        elif one.type.endswith("pattern") or one.type == "formal_parameters":
            stack.extend(one.named_children)
    return found


def _declared(program: Program) -> dict[int, set[str]]:
    """Map each function's node id to the names declared in it."""
    found: dict[int, set[str]] = {}

    def add(name: Node | None, scope: Node | None) -> None:
        if name is not None and scope is not None:
            for one in _pattern_names(name):
                found.setdefault(scope.id, set()).add(program.text(one))

    for node in program.of("variable_declarator"):
        add(node.child_by_field_name("name"), _scope(node))
    for node in program.of("function_declaration", "class_declaration", "generator_function_declaration"):
        name, scope = node.child_by_field_name("name"), _scope(node)
        if name is not None and scope is not None:
            found.setdefault(scope.id, set()).add(program.text(name))
    for kind in _FUNCTIONS:
        for node in program.of(kind):
            add(node.child_by_field_name("parameters"), node)
            add(node.child_by_field_name("parameter"), node)
    for node in program.of("import_specifier", "import_clause", "namespace_import"):
        alias = node.child_by_field_name("alias") or node.child_by_field_name("name")
        for one in [alias] if alias is not None else node.named_children:
            if one.type == "identifier":
                found.setdefault(program.root.id, set()).add(program.text(one))
    for node in program.of("for_in_statement", "catch_clause"):
        add(node.child_by_field_name("left") or node.child_by_field_name("parameter"), _scope(node))
    return found


class _Declared:
    """The names that are declared around a node."""

    def __init__(self, program: Program) -> None:
        self._names = _declared(program)
        self._around: dict[int, tuple[set[str], ...]] = {}
        """For a node within which others stand: the names of each function that it is in or that it is."""

    def has(self, node: Node, name: str) -> bool:
        """Say whether a name that stands at a node is declared."""
        above = []
        parent = node.parent
        while parent is not None and parent.id not in self._around:
            above.append(parent)
            parent = parent.parent
        names = self._around[parent.id] if parent is not None else ()
        for one in reversed(above):
            if one.id in self._names:
                names = (self._names[one.id], *names)
            self._around[one.id] = names
        return any(name in some for some in names)


def _judge_globals(program: Program) -> None:
    rules = program.group("names")
    declared = _Declared(program)
    for node in program.of("identifier", "shorthand_property_identifier"):
        name = unescape(program.text(node))
        rule = rules.get(name)
        if rule is None or declared.has(node, program.text(node)):
            continue
        parent = node.parent
        if name == "require" and parent is not None and parent.type == "call_expression":
            if parent.child_by_field_name("function") == node:
                continue
        if name == "module" and program.text(parent).startswith("module.exports"):
            continue
        if parent is not None and parent.type in ("pair_pattern", "labeled_statement"):
            continue
        program.report(rule, node, f"{name} leads out of the strategy.")


def _judge_calls(program: Program, strings: Strings) -> None:
    timers = program.names("calls", "timers")
    for node in program.of("call_expression", "new_expression"):
        function = node.child_by_field_name("function") or node.child_by_field_name("constructor")
        arguments = node.child_by_field_name("arguments")
        given = arguments.named_children if arguments is not None else []
        if function is None:
            continue
        name = program.text(function)
        if function.type == "import":
            program.report("imports.dynamic", node, "import() loads a module while the program runs.")
        elif name == "require":
            parts = strings.fold(given[0]) if given else None
            if parts is None or any(part is None or "\0" in part for part in parts):
                program.report("imports.dynamic", node, "require() of a module that is not known here.")
            else:
                judge_import(program, "".join(part or "" for part in parts).removeprefix("node:"), node)
        elif name in timers and given and strings.fold(given[0]) is not None:
            program.report("names.execution", node, f"{name} with a string runs it as a program.")


_JSON_KEY = re.compile(
    r"__proto__|[.\[\"'`]\s*constructor\s*(?:$|[.\]\"'`])|^constructor[.\[]|[\"']\s*prototype\s*[\"']\s*:"
)


def _judge_texts(program: Program) -> None:
    """Judge texts that would be objects with keys of the language's own: `JSON.parse('{"__proto__": …}')`."""
    for node in program.of("string", "template_string"):
        parts = [one for one in node.named_children if one.type != "template_substitution"]
        text = unescape("".join(program.text(one) for one in parts))
        if _JSON_KEY.search(text) or (text.strip() == "constructor" and _is_given(node)):
            program.report("members.inside", node, "A text with the name of an object's inside as a key.")


def _is_given(node: Node) -> bool:
    """Say whether a text is handed on, and not only compared."""
    above = node.parent
    while above is not None and above.type in ("as_expression", "parenthesized_expression", "satisfies_expression"):
        above = above.parent
    return above is not None and above.type in ("arguments", "array", "variable_declarator", "pair")


def _judge_structure(program: Program) -> None:
    """Judge modules, `with`, `import.meta`, prototypes and `this`."""
    _judge_imports(program)
    for node in program.of("with_statement"):
        program.report("structure.with", node, "with changes what names mean.")
    for node in program.of("meta_property"):
        if program.text(node).startswith("import"):
            program.report("imports.dynamic", node, "import.meta gives the module's own place and loader.")
    _judge_prototypes(program)
    for node in program.of("this"):
        _judge_this(program, node)


def _judge_imports(program: Program) -> None:
    for node in program.of("import_statement", "export_statement"):
        source = node.child_by_field_name("source")
        if source is not None:
            judge_import(program, unescape(program.text(source)[1:-1]).removeprefix("node:"), node)
    for node in program.of("import_require_clause"):
        source = node.child_by_field_name("source")
        judge_import(program, program.text(source)[1:-1].removeprefix("node:"), node)


def _judge_prototypes(program: Program) -> None:
    own = {
        program.text(node.child_by_field_name("name"))
        for node in program.of("function_declaration", "class_declaration")
    } | {
        program.text(node.child_by_field_name("name"))
        for node in program.of("variable_declarator")
        if getattr(node.child_by_field_name("value"), "type", "") in ("function_expression", "class", "function")
    }
    for node in program.of("assignment_expression", "augmented_assignment_expression"):
        left = node.child_by_field_name("left")
        text = program.text(left)
        key = text.partition(".prototype")[2].lstrip(".[ '\"`")
        odd = key.startswith(("constructor", "__proto__"))
        if left is not None and ".prototype" in text and (text.split(".")[0] not in own or odd):
            program.report("structure.prototype", node, f"Assigns to {text[:60]}: every object changes.")


def _judge_this(program: Program, node: Node) -> None:
    parent, scope = node.parent, _scope(node)
    if parent is None or parent.type == "member_expression" or scope is None:
        return
    above = scope.parent
    while above is not None and above.type == "parenthesized_expression":
        above = above.parent
    called = above is not None and above.type in ("call_expression", "member_expression")
    if scope.type in ("function_expression", "function_declaration") and called:
        program.report("structure.global_this", node, "this of a plain function is the global object.")
    elif scope.type == "program":
        program.report("structure.global_this", node, "this outside a function is the module or global object.")


def analyse(program: Program) -> None:
    """Apply the rules."""
    strings = Strings(program)
    _judge_globals(program)
    javascript_members.judge(program, strings)
    _judge_calls(program, strings)
    _judge_structure(program)
    _judge_texts(program)
    javascript_libraries.judge(program, strings)
