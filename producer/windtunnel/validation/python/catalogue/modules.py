"""What an import gives: the value of a module, and of a name of it, without judging either."""

from __future__ import annotations

from windtunnel.validation.python.catalogue.tables import Tables
from windtunnel.validation.python.values.lattice import Danger, Foreign, Lib, Module, Value


class Modules:
    """The modules that one program may see. `lent`: those of which it uses only what is lent."""

    def __init__(self, tables: Tables, lent: frozenset[str]) -> None:
        self._tables = tables
        self._lent = lent

    def value(self, path: str) -> Value:
        """Give the value of an imported module; one that may not be imported is a danger already reported."""
        tables = self._tables
        root = path.partition(".")[0]
        if path in tables.surface or path in tables.packages or root in tables.open or path in self._lent:
            return Module(path)
        if path in tables.aliases:
            return Module(tables.aliases[path])
        if tables.is_missing(root) and root not in tables.critical:
            return Foreign(f"missing.{path}")
        return Danger(f"module {path}", 0)

    def member(self, path: str, name: str) -> Value:
        """Give the value of `name` in a module."""
        tables = self._tables
        full = f"{path}.{name}"
        module = self.value(path)
        if not isinstance(module, Module):
            return Danger(full, 0) if isinstance(module, Danger) else Foreign(f"missing.{full}")
        if module.path != path:
            return self.member(module.path, name)
        if full in tables.aliases:
            return Module(tables.aliases[full])
        if full in tables.surface or full in tables.packages or full in self._lent:
            return Module(full)
        if name in tables.abbreviations and name not in tables.surface.get(path, ()):
            return Danger(full, 0)
        return Lib(full)
