"""Names such as `os.makedirs` and `pathlib.Path`, which only make paths and folders, of modules that reach files.

They are lent to a program that uses nothing else of the module, and whose uses can all be seen. Any other use refuses
the module as a whole, as if nothing of it were allowed. Their arguments are judged in `rules.path_objects`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from windtunnel.validation.python.catalogue.tables import Tables


def lent_modules(tree: ast.AST, imported: set[str], tables: Tables) -> frozenset[str]:
    """Give the modules that this program may use in part; none for most programs."""
    roots = {path.partition(".")[0] for path in tables.lent}
    if roots.isdisjoint(path.partition(".")[0] for path in imported):
        return frozenset()
    uses = _Uses(tables.lent, list(ast.walk(tree)))
    return frozenset(path for path in tables.lent if path.partition(".")[0] in uses.used - uses.refused)


class _Uses:
    """Looks at every sight of these modules."""

    def __init__(self, lent: dict[str, frozenset[str]], nodes: list[ast.AST]) -> None:
        self._lent = lent
        self._names: dict[str, str] = {}
        """What the program calls a module → its path."""
        self._functions: dict[str, str] = {}
        self.used: set[str] = set()
        """Roots of which something that is lent is used."""
        self.refused: set[str] = set()
        for node in nodes:
            if isinstance(node, ast.Import | ast.ImportFrom):
                self._import(node)
        seen = {id(one) for one in self._members(nodes)}
        for node in nodes:
            if isinstance(node, ast.Name) and id(node) not in seen:
                self._name(node)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            path = alias.name if isinstance(node, ast.Import) else f"{node.module}.{alias.name}"
            root = path.partition(".")[0]
            if isinstance(node, ast.ImportFrom) and alias.name in self._lent.get(node.module or "", ()):
                names = self._names if path in self._lent else self._functions
                names[alias.asname or alias.name] = path
            elif isinstance(node, ast.Import) and path in self._lent:
                self._names[alias.asname or root] = path if alias.asname else root
            else:
                self.refused.add(root)

    def _members(self, nodes: list[ast.AST]) -> Iterator[ast.Name]:
        """Look at `module.name`; gives the names of modules that stand there."""
        for node in nodes:
            if not isinstance(node, ast.Attribute):
                continue
            inner, steps = node, [node.attr]
            while isinstance(inner.value, ast.Attribute):
                inner = inner.value
                steps.insert(0, inner.attr)
            if not (isinstance(inner.value, ast.Name) and inner.value.id in self._names):
                continue
            path = self._names[inner.value.id]
            root = path.partition(".")[0]
            yield inner.value
            while steps and f"{path}.{steps[0]}" in self._lent:
                path = f"{path}.{steps.pop(0)}"
            if not steps:
                continue  # `os.path`, whose own attribute is a node of its own or is missing
            if steps[0] in self._lent[path] and len(steps) == 1:
                self.used.add(root)
            else:
                self.refused.add(root)

    def _name(self, node: ast.Name) -> None:
        if node.id in self._functions and isinstance(node.ctx, ast.Load):
            self.used.add(self._functions[node.id].partition(".")[0])
        elif path := self._names.get(node.id) or self._functions.get(node.id):
            self.refused.add(path.partition(".")[0])
