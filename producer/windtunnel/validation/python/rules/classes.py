"""Rules about classes: metaclasses, hooks, operators that are other functions, misleading subclasses."""

from __future__ import annotations

import ast

from windtunnel.validation.python.evaluation.analysis import Analysis
from windtunnel.validation.python.evaluation.definitions import METACLASSES
from windtunnel.validation.python.program.model import Scope
from windtunnel.validation.python.rules import escapes
from windtunnel.validation.python.values.lattice import (
    Bag,
    Builtin,
    Class,
    Const,
    Func,
    Inst,
    Lib,
    Method,
    Value,
    each,
    strings,
)

Members = dict[str, ast.FunctionDef | ast.AsyncFunctionDef]
"""The methods that a class defines, by name."""
_MEMBERS = frozenset({"load", "save", "kill", "system"})
"""Names of methods that members of enumerations have too."""
_HOOKS = frozenset(
    """__getattribute__ __del__ __prepare__ __instancecheck__ __subclasscheck__ __mro_entries__ __class__
    __subclasshook__ __build_class__ __import__""".split()
)
_PICKLED = frozenset("__reduce__ __reduce_ex__ __getnewargs__ __getnewargs_ex__ __setstate__ __getinitargs__".split())
_STORED = frozenset({"__annotations__", "__dataclass_fields__"})
_LIARS = frozenset({"str", "bytes", "int", "float", "tuple", "bytearray"})
_LYING = frozenset(
    """__eq__ __ne__ __hash__ __str__ __repr__ __contains__ __getitem__ __len__ __iter__ startswith endswith
    __add__ __radd__ split strip lower format replace find join encode __format__ __new__
    isidentifier""".split()
)
_FACTORIES = frozenset({"property", "staticmethod", "classmethod", "object", "super"})


def judge_class(analysis: Analysis, node: ast.ClassDef) -> None:
    """Judge a class's bases, keywords and members."""
    members = {one.name: one for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}
    bases = [one for base in node.bases for one in each(analysis.value(base))]
    _judge_keywords(analysis, node)
    _judge_bases(analysis, node, members, bases)
    _judge_bindings(analysis, node, bases)
    for name, member in members.items():
        if name in _PICKLED:
            analysis.report("attributes.interpreter", member, f"{name} decides what copying and unpickling run.")
        elif name == "__getattr__":
            _judge_answers(analysis, member, analysis.program.scopes[member])
        elif name in _HOOKS:
            analysis.report("structure.hook", member, f"{name} changes what plain code means.")


def _judge_keywords(analysis: Analysis, node: ast.ClassDef) -> None:
    for keyword in node.keywords:
        value = analysis.value(keyword.value)
        plain = all(isinstance(one, Lib) and one.path in METACLASSES for one in each(value))
        if keyword.arg == "metaclass" and not plain:
            analysis.report("structure.metaclass", keyword.value, "A metaclass runs code when the class is made.")
        escapes.judge(analysis, value, keyword.value, "a class keyword")


def _is_enumeration(base: Value) -> bool:
    return isinstance(base, Lib) and base.path.startswith("enum.")


def _judge_bases(analysis: Analysis, node: ast.ClassDef, members: Members, bases: list[Value]) -> None:
    """Judge what a class inherits from: values and paths that may lie, metaclasses, classes of libraries."""
    if any(isinstance(one, Lib) and one.path.startswith("pathlib.") for one in bases):
        analysis.report("structure.lying_subclass", node, "A path of an own class may be any path.")
    lying = [one.name for one in bases if isinstance(one, Builtin) and one.name in _LIARS]
    lies = sorted(_LYING & members.keys())
    harmless = any(map(_is_enumeration, bases)) or ("tuple" in lying and lies == ["__new__"])
    if lying and lies and not harmless:
        if lying[0] in ("str", "bytes") or "__eq__" in lies or "__hash__" in lies:
            said = f"A subclass of {lying[0]} with its own {', '.join(lies[:3])}."
            analysis.report("structure.lying_subclass", node, said)
    if any(isinstance(one, Builtin) and one.name == "type" for one in bases):
        _judge_metaclass(analysis, members)
    if not all(isinstance(one, Builtin | Class) for one in bases):
        _judge_file_attributes(analysis, node, members, bases)


def _judge_bindings(analysis: Analysis, node: ast.ClassDef, bases: list[Value]) -> None:
    """Judge the names that the body of a class binds."""
    tables = analysis.tables
    named = any(_is_enumeration(one) or isinstance(one, Class) for one in bases)
    for name, bound in analysis.program.scopes[node].bindings.items():
        place = bound[0].node
        if named and name in tables.methods and bound[0].kind == "value" and name not in _MEMBERS:
            analysis.report("library.named_method", place, f"An enumeration gives the method name {name!r}.")
        if not (name.startswith("__") and name.endswith("__")) or name in _PICKLED or name == "__match_args__":
            continue
        if name in _STORED:
            analysis.report(
                "structure.annotation", place, f"{name} is evaluated as code when the annotations are read."
            )
        elif name == "__module__" or (name not in tables.dunders and name not in tables.defined):
            analysis.report("structure.dunder", place, f"The class defines {name}, an interpreter's own.")


def _judge_file_attributes(
    analysis: Analysis,
    node: ast.ClassDef,
    members: Members,
    bases: list[Value],
) -> None:
    """Judge attributes of a class by which the library that it inherits from opens files."""
    reads_files = any(isinstance(one, Lib) and one.path.endswith("Vectorizer") for one in bases)
    for name in ("fromfile_prefix_chars", "baseFilename", "input"):
        bound = analysis.program.scopes[node].bindings.get(name)
        if bound is None and name != "input" and any(isinstance(one, Class) for one in bases):
            bound = analysis.program.attributes.get(name)
        if bound is None or (name == "input" and name in members and not reads_files):
            continue
        computed = reads_files and not all(isinstance(one, Const) for one in each(analysis.member(name)))
        if name != "input" or computed or name in members or "filename" in strings(analysis.member(name)):
            analysis.report("library.path_argument", node, f"{name} makes the library read files.")


def _judge_metaclass(analysis: Analysis, members: Members) -> None:
    """Judge a metaclass that changes the bodies of its classes: they are not what is written."""
    for name, member in members.items():
        arguments = [one.arg for one in (*member.args.posonlyargs, *member.args.args)]
        body = arguments[3] if name in ("__new__", "__init__") and len(arguments) > 3 else ""
        changed = name == "__prepare__" or (body and body in analysis.program.sharing.changed)
        for part in ast.walk(member):
            if isinstance(part, ast.Call) and getattr(part.func, "attr", "") == "__new__" and len(part.args) >= 3:
                changed = changed or not (isinstance(part.args[-1], ast.Name) and part.args[-1].id == body)
        if changed:
            analysis.report("structure.dynamic_class", member, "The metaclass changes the bodies of its classes.")


def _judge_answers(analysis: Analysis, node: ast.AST, scope: Scope) -> None:
    """Judge a `__getattr__`: one that has an answer for every name has one for an array's address too."""
    raises = any(isinstance(part, ast.Raise) for part in ast.walk(node))
    for given in scope.returns:
        looked_up = isinstance(given, ast.Subscript) or (
            isinstance(given, ast.Call) and getattr(given.func, "id", "") in ("getattr", "super")
        )
        made = any(isinstance(one, Bag | Inst) for one in each(analysis.value_in(scope, given)))
        if made or not (looked_up or raises):
            message = "__getattr__ answers for every name: a library would take what it gives for an array's address."
            analysis.report("structure.dunder", given, message)
            return


def judge_member(analysis: Analysis, target: str, node: ast.AST, value: Value) -> None:
    """Judge `name = value` in a class body: an operator that is another function, or names to match by."""
    if not (target.startswith("__") and target.endswith("__")):
        return
    if target == "__match_args__":
        for text in strings(value):
            if analysis.tables.judge_name(text).startswith("attributes."):
                analysis.report("attributes.interpreter", node, f"Pattern matching would read the attribute {text}.")
        return
    if target == "__slots__" or isinstance(value, Const):
        return
    if target in _PICKLED:
        analysis.report("attributes.interpreter", node, f"{target} decides what copying and unpickling run.")
    for one in each(value):
        if isinstance(one, Lib | Builtin | Method) and not (isinstance(one, Builtin) and one.name in _FACTORIES):
            analysis.report("structure.hook", node, f"{target} is another function: code runs without a call.")
        if isinstance(one, Func) and target == "__getattr__":
            _judge_answers(analysis, one.node, one.scope)
        if isinstance(one, Func) and target in _HOOKS:
            analysis.report("structure.hook", node, f"{target} changes what plain code means.")
    escapes.judge(analysis, value, node, f"made the operator {target}")
