"""Folding of JavaScript strings: literals, templates, concatenation, and variables given such."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from tree_sitter import Node

from windtunnel.validation.trees.syntax import Program

_BUILDERS = frozenset(
    """fromCharCode fromCodePoint join reverse replace replaceAll atob unescape decodeURIComponent
    toString split slice substring substr concat trim toLowerCase
    toUpperCase charAt at pop shift repeat padStart""".split()
)
_MOST_DEPTH = 24
_MOST_PIECES = 256
_SAME_ITEMS = frozenset({"sort", "slice", "filter", "reverse", "toSorted", "toReversed", "concat"})
_TEXTUAL = frozenset({"string", "template_string", "call_expression", "binary_expression"})
_OWNERS = frozenset("Math Object Array Number String JSON Date Promise Symbol console BigInt Map Set".split())
_FUNCTIONS = frozenset({"function_expression", "arrow_function", "class", "generator_function", "function"})


P = ParamSpec("P")
Found = TypeVar("Found")


def _once(
    find: Callable[Concatenate[Strings, Node, P], Found],
) -> Callable[Concatenate[Strings, Node, P], Found]:
    """Remember what is found of a node at a depth: there are more paths through variables than can be walked."""

    @wraps(find)
    def found(strings: Strings, node: Node, /, *depth: P.args, **named: P.kwargs) -> Found:
        key = (find.__name__, node.id, *depth)
        if key not in strings.found:
            strings.found[key] = find(strings, node, *depth, **named)
        known: Found = strings.found[key]
        return known

    return found


class Strings:
    """Folds strings: literals, templates, concatenation, and variables that are only ever given such."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.found: dict[tuple[object, ...], Any] = {}
        self.functions = {
            program.text(node.child_by_field_name("name"))
            for node in program.of("function_declaration", "class_declaration", "generator_function_declaration")
        }
        self.counters = {program.text(node.named_children[0]) for node in program.of("update_expression")}
        self.added: dict[str, list[Node]] = {}
        """What is put into a list by its name."""
        for node in program.of("call_expression"):
            function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
            if function is None or arguments is None or function.type != "member_expression":
                continue
            if program.text(function.child_by_field_name("property")) in ("push", "unshift", "splice", "fill"):
                owner = program.text(function.child_by_field_name("object"))
                self.added.setdefault(owner, []).extend(arguments.named_children)
        self.members = _members(program)
        self.values: dict[str, list[Node]] = {}
        for node in program.of("variable_declarator"):
            name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
            if name is not None and value is not None and name.type == "identifier":
                self.values.setdefault(program.text(name), []).append(value)
        for node in program.of("assignment_expression", "augmented_assignment_expression"):
            name, value = node.child_by_field_name("left"), node.child_by_field_name("right")
            if name is not None and value is not None and name.type == "identifier":
                self.values.setdefault(program.text(name), []).append(value)

    def sources(self, node: Node | None) -> list[Node]:
        """Give an expression, or what a variable is given."""
        if node is None:
            return []
        return self.values.get(self.program.text(node), [])[:8] if node.type == "identifier" else [node]

    def holds_text(self, call: Node) -> bool:
        """Say whether the list that `q.pop()` takes from may hold texts: whatever is not a list of numbers may."""
        function = call.child_by_field_name("function")
        owner = function.child_by_field_name("object") if function is not None else None
        if owner is None:
            return True
        return self._list_holds_text(owner, 0)

    @_once
    def _list_holds_text(self, node: Node, depth: int) -> bool:
        if depth > 6 or node.type in ("string", "template_string"):
            return True
        if node.type == "spread_element":
            return self._list_holds_text(node.named_children[0], depth + 1)
        if node.type == "array":
            return any(
                self._list_holds_text(one, depth + 1) if one.type == "spread_element" else self.may_be_text(one)
                for one in node.named_children
            )
        if node.type == "call_expression":
            function = node.child_by_field_name("function")
            owner = function.child_by_field_name("object") if function is not None else None
            name = self.program.text(function.child_by_field_name("property")) if function is not None else ""
            if name == "keys" and self.program.text(owner) not in ("Object", "Reflect"):
                return False
            return owner is None or name not in _SAME_ITEMS or self._list_holds_text(owner, depth + 1)
        if node.type == "identifier":
            name = self.program.text(node)
            given, added = self.values.get(name, []), self.added.get(name, [])
            if not given:
                return name in self.functions
            return any(self._list_holds_text(one, depth + 1) for one in given[:8]) or any(
                self.fold(one) is not None for one in added
            )
        return node.type in _TEXTUAL

    @_once
    def may_be_text(self, node: Node, depth: int = 0) -> bool:
        """Say whether an expression may be a text, as far as it is written out."""
        if node.type in ("number", "unary_expression", "update_expression", "true", "false", "null"):
            return False
        if node.type == "binary_expression":
            plus = self.program.text(node.child_by_field_name("operator")) == "+"
            return plus and any(self.may_be_text(one, depth + 1) for one in node.named_children)
        if node.type == "identifier" and depth < _MOST_DEPTH:
            name = self.program.text(node)
            given = self.values.get(name, [])
            if name in self.counters or not given:
                return name not in self.counters
            return any(self.may_be_text(one, depth + 1) for one in given[:8])
        return True

    @_once
    def is_function(self, node: Node, depth: int = 0) -> bool:
        """Recognise a function, written out or by the name it is given."""
        if node.type in _FUNCTIONS:
            return True
        if node.type in ("parenthesized_expression", "as_expression", "non_null_expression") and depth <= 4:
            return bool(node.named_children) and self.is_function(node.named_children[0], depth + 1)
        if node.type == "member_expression":
            return self._is_method(node)
        if node.type != "identifier" or depth > 4:
            return False
        name = self.program.text(node)
        if name in self.functions:
            return True
        return any(self.is_function(one, depth + 1) for one in self.values.get(name, [])[:8])

    def _is_method(self, node: Node) -> bool:
        """Recognise a method of the language's own: `Math.max`, `[].at`, `"".trim`."""
        owner, name = node.child_by_field_name("object"), self.program.text(node.child_by_field_name("property"))
        if owner is None or name.isupper() or name == "length":
            return False
        if owner.type in ("array", "string", "template_string", "number", "regex"):
            return True
        return owner.type == "identifier" and self.program.text(owner) in _OWNERS and not name[:1].isupper()

    def fold(self, node: Node | None, depth: int = 0) -> list[str | None] | None:
        """Give the pieces of a string (None: a hole), or None for anything else than a string that was put together."""
        parts = self._fold(node, depth) if node is not None and depth <= _MOST_DEPTH else None
        return parts if parts is None or len(parts) <= _MOST_PIECES else ["\0"]

    @_once
    def _fold(self, node: Node, depth: int) -> list[str | None] | None:
        kind = node.type
        if kind == "array" and len(node.named_children) == 1:
            return self.fold(node.named_children[0], depth + 1)  # as a key, [x] is x
        if kind == "string":
            return [unescape(self.program.text(node)[1:-1])]
        if kind == "template_string":
            return self._template(node, depth)
        if kind == "binary_expression" and self.program.text(node.child_by_field_name("operator")) == "+":
            left = self.fold(node.child_by_field_name("left"), depth + 1)
            right = self.fold(node.child_by_field_name("right"), depth + 1)
            if left is None and right is None:
                return None
            return [*(left or [None]), *(right or [None])]
        if kind in (
            "parenthesized_expression",
            "as_expression",
            "non_null_expression",
            "satisfies_expression",
        ):
            return self.fold(node.named_children[0] if node.named_children else None, depth + 1)
        if kind == "identifier":
            return self._one_of(self.values.get(self.program.text(node), []), depth)
        if kind == "member_expression":
            return self._one_of(self.members.get(self.program.text(node.child_by_field_name("property")), []), depth)
        if kind == "call_expression":
            function = node.child_by_field_name("function")
            name = self.program.text(function.child_by_field_name("property")) if function is not None else ""
            if name in _BUILDERS or self.program.text(function) in (
                "atob",
                "unescape",
                "decodeURIComponent",
                "String",
            ):
                return ["\0"]
        if kind == "sequence_expression":
            return self.fold(node.named_children[-1], depth + 1)
        return None

    def _one_of(self, given: list[Node], depth: int) -> list[str | None] | None:
        folded = [self.fold(one, depth + 1) for one in given[:4]]
        known = [one for one in folded if one is not None]
        return known[0] if len(known) == 1 else ([None, ""] if known and len(known) > 1 else None)

    def _template(self, node: Node, depth: int) -> list[str | None]:
        parts: list[str | None] = []
        for child in node.named_children:
            if child.type == "template_substitution":
                inner = child.named_children[0] if child.named_children else None
                parts.extend(self.fold(inner, depth + 1) or [None])
            else:
                parts.append(unescape(self.program.text(child)))
        return parts or [""]


def _members(program: Program) -> dict[str, list[Node]]:
    """Map the names of members of enumerations and of objects written out to what they are given."""
    found: dict[str, list[Node]] = {}
    for node in program.of("enum_assignment", "pair"):
        name = node.child_by_field_name("name") or node.child_by_field_name("key")
        value = node.child_by_field_name("value")
        if name is not None and value is not None and value.type in ("string", "template_string"):
            found.setdefault(program.text(name), []).append(value)
    return found


def unescape(text: str) -> str:
    """Replace the escapes of a string or an identifier by the characters that they stand for."""
    if "\\" not in text:
        return text

    def one(found: re.Match[str]) -> str:
        code = found[1] or found[2] or found[3]
        return chr(int(code, 16)) if int(code, 16) < 0x110000 else ""

    text = re.sub(r"\\u\{([0-9a-fA-F]{1,6})\}|\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})", one, text)
    return re.sub(r"\\([0-7]{1,3})", lambda found: chr(int(found[1], 8)), text).replace("\\", "")
