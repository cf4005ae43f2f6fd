"""JavaScript and TypeScript: globals by scope, members by name or folded string, code made of text."""

from __future__ import annotations

import re

from tree_sitter import Node

from windtunnel.validation.trees import javascript_libraries
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


def _is_declared(program: Program, node: Node, declared: dict[int, set[str]]) -> bool:
    name = program.text(node)
    return any(name in declared.get(one.id, ()) for one in ancestors(node))


def _judge_globals(program: Program) -> None:
    rules = program.group("names")
    declared = _declared(program)
    for node in program.of("identifier", "shorthand_property_identifier"):
        name = unescape(program.text(node))
        rule = rules.get(name)
        if rule is None or _is_declared(program, node, declared):
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


def _judge_members(program: Program, strings: Strings) -> None:
    rules = program.group("members")
    for node in program.of("property_identifier", "shorthand_property_identifier_pattern"):
        parent = node.parent
        if parent is None or parent.type in (
            "method_definition",
            "pair",
            "public_field_definition",
            "field_definition",
        ):
            continue
        if parent.type in (
            "property_signature",
            "method_signature",
            "enum_assignment",
            "abstract_method_signature",
        ):
            continue
        name = unescape(program.text(node))
        if name == "constructor" and _is_looked_at(program, parent):
            continue
        if name in rules:
            program.report(rules[name], node, f".{name} leads out of the strategy.")
    for node in program.of("subscript_expression"):
        key = node.child_by_field_name("index")
        if key is not None and key.type == "call_expression" and _takes_element(program, key):
            if strings.holds_text(key) is False:
                continue
        _judge_key(program, strings, key, rules)
        _judge_receiver(program, strings, node, key)
    for node in program.of("pair_pattern", "computed_property_name"):
        key = node.child_by_field_name("key") if node.type == "pair_pattern" else node.named_children[0]
        if key is not None:
            if key.type == "property_identifier" and program.text(key) in rules:
                program.report(rules[program.text(key)], key, f".{program.text(key)} leads out of the strategy.")
            elif node.type == "pair_pattern":
                inner = key.named_children[0] if key.type == "computed_property_name" and key.named_children else key
                _judge_key(program, strings, inner, rules)
                if inner is not key:
                    _judge_taken(program, strings, node, inner)


_TAKES = frozenset({"at", "pop", "shift"})


def _takes_element(program: Program, call: Node) -> bool:
    """Recognise `q.pop()`, `q.shift()` and `q.at(-1)`."""
    function = call.child_by_field_name("function")
    return function is not None and program.text(function.child_by_field_name("property")) in _TAKES


def _judge_receiver(program: Program, strings: Strings, node: Node, key: Node | None) -> None:
    """Judge a computed member of a function: its constructor compiles text."""
    receiver = node.child_by_field_name("object")
    while receiver is not None and receiver.type == "parenthesized_expression" and receiver.named_children:
        receiver = receiver.named_children[0]
    if receiver is None or key is None or key.type in ("number", "string", "template_string"):
        return
    if strings.is_function(receiver) and strings.fold(key) is None:
        program.report("members.unknown_name", key, "A member of a function whose name is not known.")
        return
    above = node.parent
    twice = receiver.type == "subscript_expression" and above is not None and above.type == "call_expression"
    if twice and above is not None and above.child_by_field_name("function") == node:
        inner = receiver.child_by_field_name("index")
        if inner is not None and strings.may_be_text(key) and strings.may_be_text(inner):
            program.report("members.unknown_name", key, "A member of a member, called, whose names are not known.")


def _judge_taken(program: Program, strings: Strings, pattern: Node, key: Node) -> None:
    """Judge `const { [key]: member } = value` of a function."""
    above = next((one for one in ancestors(pattern) if one.type in _GIVEN), None)
    value = above and (above.child_by_field_name("value") or above.child_by_field_name("right"))
    if value is not None and strings.is_function(value) and strings.fold(key) is None:
        program.report("members.unknown_name", key, "A member of a function whose name is not known.")


_GIVEN = frozenset({"variable_declarator", "assignment_expression"})


def _is_looked_at(program: Program, member: Node) -> bool:
    """Recognise `x.constructor.name` and `x.constructor === Array`, which only look at it."""
    above = member.parent
    if above is None or member.type != "member_expression":
        return False
    if above.type == "member_expression":
        return above.child_by_field_name("object") == member and (
            program.text(above.child_by_field_name("property")) == "name"
        )
    return above.type == "binary_expression" and (
        program.text(above.child_by_field_name("operator")) in ("===", "==", "!==", "!=")
    )


def _judge_key(program: Program, strings: Strings, key: Node | None, rules: dict[str, str]) -> None:
    parts = strings.fold(key)
    if parts is None or key is None:
        return
    if any(part is not None and "\0" in part for part in parts):
        program.report("members.unknown_name", key, "A member whose name is built so that it cannot be read.")
        return
    whole = "".join(part or "" for part in parts)
    if None not in parts:
        if whole in rules:
            program.report(rules[whole], key, f".{whole} leads out of the strategy.")
        return
    first = parts[0] or ""
    if len(whole) > 1 and any(first and name.startswith(first) for name in rules):
        program.report("members.unknown_name", key, f"A member whose name begins with {first!r} and is not known.")


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


def _judge_made(program: Program, strings: Strings) -> None:
    """Judge `x[k](text)()`: what a computed member gives is called, as only a compiled text has to be."""
    for node in program.of("call_expression"):
        inner, given = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        if inner is not None and inner.type == "identifier":
            inner = next((one for one in strings.sources(inner) if _is_given_code(strings, one)), None)
        if inner is None or inner.type != "call_expression" or given is None:
            continue
        if not given.named_children and _is_given_code(strings, inner):
            program.report("names.execution", node, "Makes a function of a text and calls it.")
        for member in strings.sources(inner.child_by_field_name("function")):
            key = member.child_by_field_name("index") if member.type == "subscript_expression" else None
            if key is not None and key.type != "number" and strings.may_be_text(key):
                program.report("members.unknown_name", key, "Calls what a member whose name is not known gives.")


_CODE = re.compile(r"\(|^\s*(?:return|throw|var|let|const|this|yield|await)\b")


def _is_given_code(strings: Strings, call: Node) -> bool:
    """Say whether the last argument of a call is a text that reads like code."""
    given = call.child_by_field_name("arguments") if call.type == "call_expression" else None
    parts = strings.fold(given.named_children[-1]) if given is not None and given.named_children else None
    return parts is not None and _CODE.search("".join(part or "" for part in parts)) is not None


def _judge_structure(program: Program) -> None:
    for node in program.of("import_statement", "export_statement"):
        source = node.child_by_field_name("source")
        if source is not None:
            judge_import(program, unescape(program.text(source)[1:-1]).removeprefix("node:"), node)
    for node in program.of("import_require_clause"):
        source = node.child_by_field_name("source")
        judge_import(program, program.text(source)[1:-1].removeprefix("node:"), node)
    for node in program.of("with_statement"):
        program.report("structure.with", node, "with changes what names mean.")
    for node in program.of("meta_property"):
        if program.text(node).startswith("import"):
            program.report("imports.dynamic", node, "import.meta gives the module's own place and loader.")
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
    for node in program.of("this"):
        parent = node.parent
        scope = _scope(node)
        if parent is None or parent.type == "member_expression" or scope is None:
            continue
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
    _judge_members(program, strings)
    _judge_calls(program, strings)
    _judge_structure(program)
    _judge_texts(program)
    _judge_made(program, strings)
    javascript_libraries.judge(program, strings)
