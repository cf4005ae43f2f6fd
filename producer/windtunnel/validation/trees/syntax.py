"""One parsed program of a tree-sitter language: its nodes by kind, their text, and reporting at a node."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tree_sitter import Node

from windtunnel.validation.findings import Findings
from windtunnel.validation.policy import Policy, words


class Program:
    """A syntax tree with its source. Walking is iterative: no depth of nesting can exhaust a stack."""

    def __init__(self, root: Node, source: bytes, policy: Policy, findings: Findings) -> None:
        self.root = root
        self.source = source
        self.policy = policy
        self.findings = findings
        self.imports: set[str] = set()
        self.kinds: dict[str, list[Node]] = {}
        self.too_deep = False
        bound = policy.bound("depth") * 2
        for node, depth in _walk(root):
            self.kinds.setdefault(node.type, []).append(node)
            if depth > bound:
                self.too_deep = True
                self.report("input.too_deep", node, f"Expressions nest more than {bound} deep.")
                break

    def of(self, *kinds: str) -> Iterator[Node]:
        """Give all nodes of some kinds, in the order of the text."""
        for kind in kinds:
            yield from self.kinds.get(kind, ())

    def text(self, node: Node | None) -> str:
        """Give a node's source text."""
        self.findings.budget.step()
        if node is None:
            return ""
        return self.source[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def report(self, rule: str, node: Node, message: str, **more: Any) -> None:
        """Record a finding at a node."""
        row, column = node.start_point
        before = self.source[node.start_byte - column : node.start_byte].decode("utf-8", "replace")
        self.findings.add(rule, (row + 1, len(before) + 1), message, **more)

    def group(self, table: str) -> dict[str, str]:
        """Give one of the policy's tables as name → rule."""
        groups: dict[str, str] = self.policy.data.get(table, {})
        return {name: rule for rule, names in groups.items() for name in names.split()}

    def names(self, table: str, key: str) -> frozenset[str]:
        """Give one of the policy's lists of names."""
        return words(self.policy.data.get(table, {}).get(key, ""))


def _walk(root: Node) -> Iterator[tuple[Node, int]]:
    """Walk a tree in the order of the text without recursion; give each node and its depth."""
    cursor = root.walk()
    depth = 0
    while True:
        node = cursor.node
        if node is None:
            return
        yield node, depth
        if cursor.goto_first_child():
            depth += 1
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return
            depth -= 1


def walk(root: Node) -> Iterator[Node]:
    """Walk a tree in the order of the text without recursion."""
    return (node for node, _ in _walk(root))


def ancestors(node: Node) -> Iterator[Node]:
    """Give a node's parents, nearest first."""
    parent = node.parent
    while parent is not None:
        yield parent
        parent = parent.parent


def judge_import(program: Program, path: str, node: Node) -> bool:
    """Report a module that may not be imported. The longer of the names that fit decides."""
    data = program.policy.data["imports"]
    program.imports.add(path)
    permitted = max(
        (len(name) for name in data["allowed"].split()
         if path == name or (name.endswith("*") and path.startswith(name[:-1]))), default=0,
    )  # fmt: skip
    for rule, names in data.get("rules", {}).items():
        for name in names.split():
            if len(name) > permitted and (path == name or path.startswith((name + "/", name + ".", name + ":"))):
                program.report(rule, node, f"{path} opens the host: files, processes, network or memory.")
                return False
    if permitted:
        return True
    program.report("imports.not_allowed", node, f"{path} is not on the allowlist.")
    return False
