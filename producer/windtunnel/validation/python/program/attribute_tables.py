"""Tables of attributes, `x.__dict__` and `vars(x)`: which are only looked at, and which give attributes by a name."""

from __future__ import annotations

import ast

from windtunnel.validation.python.program.container_sharing import LOST, Sharing
from windtunnel.validation.python.program.model import Binding, Program, Scope

_LOOKERS = frozenset("len print list dict tuple set sorted str repr any all bool".split())
_PARSERS = frozenset({"parse_args", "parse_known_args", "parse_intermixed_args"})
_TABLE_READS = frozenset("items values get keys copy".split())


class AttributeTables:
    """Notes in the program what its calls do with tables of attributes."""

    def __init__(self, program: Program, sharing: Sharing) -> None:
        self._program = program
        self._sharing = sharing

    def look(self, node: ast.AST) -> None:
        """Note that what an expression gives is only looked at."""
        if isinstance(node, ast.Attribute | ast.Name):
            self._program.readonly.add(node)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "vars":
            self._program.readonly.add(node.func)

    def call(self, node: ast.Call, scope: Scope) -> None:
        """Note what a call looks at, or sets by a name."""
        callee = node.func
        if isinstance(callee, ast.Name):
            if callee.id in _LOOKERS:
                for one in node.args:
                    self.look(one)
            elif callee.id == "setattr" and len(node.args) == 3:
                self._named_store(node, scope, 1)
            elif callee.id == "vars" and len(node.args) == 1 and not node.keywords:
                self._table(callee)
        elif isinstance(callee, ast.Attribute):
            self._method(node, callee, scope)
        for keyword in node.keywords:
            if keyword.arg is None:
                self.look(keyword.value)

    def attribute(self, node: ast.Attribute) -> None:
        """Note a table of attributes."""
        if node.attr == "__dict__":
            self._table(node)

    def _table(self, node: ast.Attribute | ast.Name) -> None:
        """Note that a table of attributes may be changed from here on, unless it is only looked at."""
        if node not in self._program.readonly:
            self._program.filling.add(node)
            self._program.filled = True

    def _method(self, node: ast.Call, callee: ast.Attribute, scope: Scope) -> None:
        name, table = callee.attr, getattr(callee.value, "attr", "")
        if name in _PARSERS:
            given = [*node.args[1:], *(one for one in node.keywords if one.arg in ("namespace", None))]
            self._program.filled |= bool(given) or any(isinstance(one, ast.Starred) for one in node.args)
        elif name in ("keys", "copy") or (name in _TABLE_READS and table != "__dataclass_fields__"):
            self.look(callee.value)
        elif name == "setdefault" and table == "__dict__" and node.args:
            self._default(node.args[0], callee.value)
        elif name == "__setattr__" and len(node.args) >= 2:
            self._named_store(node, scope, len(node.args) - 2)

    def _default(self, key: ast.expr, table: ast.expr) -> None:
        """Note `x.__dict__.setdefault("name", …)`, which gives an attribute of a public name."""
        if isinstance(key, ast.Constant) and isinstance(key.value, str) and key.value[:1].isalpha():
            self.look(table)
            self._sharing.move(ast.Name(key.value), LOST)

    def _named_store(self, node: ast.Call, scope: Scope, at: int) -> None:
        """Record `setattr(x, name, value)` as what it is; `at`: the place of the name."""
        name = node.args[at]
        binding = Binding("value", node.args[at + 1], scope)
        if isinstance(name, ast.Constant):
            self._program.attributes.setdefault(str(name.value), []).append(binding)
        else:
            self._program.wild.append(binding)
