"""Members of JavaScript objects: by name, by a computed key, or taken out by a pattern."""

from __future__ import annotations

import re

from tree_sitter import Node

from windtunnel.validation.trees.javascript_strings import Strings, unescape
from windtunnel.validation.trees.syntax import Program, ancestors

_DECLARING = frozenset(
    """method_definition pair public_field_definition field_definition property_signature method_signature
    enum_assignment abstract_method_signature""".split()
)
"""What names a member of its own."""


def judge(program: Program, strings: Strings) -> None:
    """Judge which members are read, and what calls of computed ones make."""
    rules = program.group("members")
    _judge_named(program, rules)
    _judge_computed(program, strings, rules)
    _judge_patterns(program, strings, rules)
    _judge_made(program, strings)


def _judge_named(program: Program, rules: dict[str, str]) -> None:
    for node in program.of("property_identifier", "shorthand_property_identifier_pattern"):
        parent = node.parent
        if parent is None or parent.type in _DECLARING:
            continue
        name = unescape(program.text(node))
        if name in rules and not (name in _LOOKED_AT and _is_looked_at(program, parent)):
            program.report(rules[name], node, f".{name} leads out of the strategy.")


_LOOKED_AT = frozenset({"constructor", "getPrototypeOf"})


def _judge_computed(program: Program, strings: Strings, rules: dict[str, str]) -> None:
    """Judge `x[key]`."""
    for node in program.of("subscript_expression"):
        key = node.child_by_field_name("index")
        if key is not None and key.type == "call_expression" and _takes_element(program, key):
            if strings.holds_text(key) is False:
                continue
        _judge_key(program, strings, key, rules)
        _judge_receiver(program, strings, node, key)


def _judge_patterns(program: Program, strings: Strings, rules: dict[str, str]) -> None:
    """Judge `const {key: member} = x` and `{[key]: value}`."""
    for node in program.of("pair_pattern", "computed_property_name"):
        key = node.child_by_field_name("key") if node.type == "pair_pattern" else node.named_children[0]
        if key is None:
            continue
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
    """Recognise `x.constructor.name`, `x.constructor === Array` and `Object.getPrototypeOf(x) === F.prototype`."""
    above = member.parent
    if above is not None and above.type == "call_expression" and above.child_by_field_name("function") == member:
        member, above = above, above.parent
    if above is None or member.type not in ("member_expression", "call_expression"):
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
