"""Rules about calls: who is called, with which arguments, and what comes back."""

from __future__ import annotations

import ast
import textwrap

from windtunnel.validation.python import (
    attributes,
    escapes,
    folding,
    inherited,
    library,
    lookahead,
    passing,
    pathobjects,
    paths,
    reflection,
    repeatable,
    resources,
    strings_as_code,
)
from windtunnel.validation.python.analysis import Analysis
from windtunnel.validation.python.parameters import MOST_SITES
from windtunnel.validation.python.values import (
    BUILT,
    OPAQUE,
    PYPLOT,
    UNKNOWN,
    Bag,
    Builtin,
    Class,
    Const,
    Danger,
    File,
    Foreign,
    Func,
    Inst,
    Lib,
    Many,
    Method,
    Module,
    Unknown,
    Value,
    each,
    join,
    make_text,
    strings,
    text_of,
)

_SINKS = frozenset("print str repr type isinstance issubclass id bool hasattr callable len hash".split())
_CLASS_TESTS = frozenset({"isinstance", "issubclass"})
_REFLECTION = frozenset("getattr setattr delattr hasattr".split())
TYPE_OF = Foreign("type")
"""What `type(x)` gives of an object that is not the program's own: it may be named, not called."""
_HOLDERS = frozenset("list tuple set frozenset dict sorted reversed iter".split())


def call(analysis: Analysis, node: ast.Call) -> Value:
    """Evaluate a call."""
    function = node.func
    if isinstance(function, ast.Name) and function.id == "open" and analysis.resolve("open") is None:
        opened = paths.open_artifact(analysis, node)
        if opened is not None:
            analysis.memo[function] = UNKNOWN
            return opened
    if isinstance(function, ast.Name) and function.id == "vars" and len(node.args) == 1 and not node.keywords:
        if all(_is_namespace(one) for one in each(analysis.value(node.args[0]))):
            analysis.program.readonly.add(function)
    receiver: Value | None = None
    if isinstance(function, ast.Attribute):
        receiver = analysis.value(function.value)
        if function.attr == "spawn" and type(receiver) is Foreign and receiver.path.startswith("numpy.random."):
            return Foreign("numpy.random.SeedSequence")
        if type(receiver) is Unknown and not analysis.tables.judge_name(function.attr):
            named = function.attr in analysis.program.attributes or receiver is OPAQUE
            callee = attributes.read(analysis, receiver, function.attr, function, called=True) if named else UNKNOWN
        else:
            callee = attributes.read(analysis, receiver, function.attr, function, called=True)
        analysis.memo[function] = callee
    else:
        callee = analysis.value(function)
        if type(callee) is Builtin and callee.name in _CLASS_TESTS:
            _look_at_classes(analysis, node)
    if receiver is not None and function.attr == "__init__":  # type: ignore[attr-defined]
        callee = inherited.constructed(analysis, node, receiver, callee)
    arguments = [analysis.value(one) for one in node.args]
    own = all(type(one) in (Func, Class) for one in each(callee))
    if not own:
        arguments = [text_of(one) for one in arguments]
    if type(callee) is Lib and type(receiver) is Lib and callee.path == receiver.path:
        del arguments[:1]  # `Base.__init__(self, …)`
    keywords: dict[str, Value] = {}
    for keyword in node.keywords:
        given = analysis.value(keyword.value)
        given = given if own else text_of(given)
        spread = keyword.arg is None and "**" in keywords
        keywords[keyword.arg or "**"] = join([keywords["**"], given]) if spread else given
    if receiver is not None:
        name = function.attr  # type: ignore[attr-defined]
        if name == "strftime" and type(receiver) in (Foreign, Unknown):
            return passing.as_date(arguments or list(keywords.values()))
        library.judge_method(analysis, node, receiver, name, arguments, keywords)
        lookahead.judge_call(analysis, node, name, keywords)
    repeatable.judge_call(analysis, node, callee, arguments, keywords)
    if keywords:
        for key in keywords:
            if key[0] == "_" and analysis.tables.is_critical(key):
                analysis.report("attributes.named", node, f"Gives {key}=, a name of the interpreter's own.")
    if arguments or keywords:
        _escapes(analysis, node, callee, arguments, keywords)
    if type(callee) is Unknown:
        return callee if callee is OPAQUE else _of_unknown(receiver, node)
    if type(callee) is Danger:
        _used(analysis, node, callee)
        return callee
    return join([_called(analysis, node, one, arguments, keywords) for one in each(callee)])


def _look_at_classes(analysis: Analysis, node: ast.Call) -> None:
    """Evaluate `x.__class__` where it is only compared: `isinstance(a, b.__class__)`."""
    for given in node.args:
        for one in given.elts if isinstance(given, ast.Tuple) else [given]:
            if isinstance(one, ast.Attribute) and one.attr == "__class__":
                analysis.value(one.value)
                analysis.memo[one] = TYPE_OF


def _of_unknown(receiver: Value | None, node: ast.Call) -> Value:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    if name in ("decode", "fromhex"):
        return BUILT
    if name in ("join", "translate") and receiver is not None and folding.is_textual(receiver):
        return BUILT
    return UNKNOWN


def _escapes(
    analysis: Analysis, node: ast.Call, callee: Value, arguments: list[Value], keywords: dict[str, Value]
) -> None:
    kinds = each(callee)
    if all(type(one) is Builtin and one.name in _SINKS | _REFLECTION for one in kinds):
        return
    if all(type(one) is Func or (type(one) is Class and "__init__" in one.scope.bindings) for one in kinds):
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        direct = {
            getattr(one.node if type(one) is Func else getattr(one, "scope").node, "name", "")  # noqa: B009
            for one in kinds
        }
        sites = analysis.program.calls.get(name, ())
        plain = not any(isinstance(one, ast.Starred) for one in node.args) and "**" not in keywords
        if name in direct and len(sites) < MOST_SITES and plain and not any(map(_takes_any, kinds)):
            return
    if not keywords and all(type(one) is Builtin and one.name in _HOLDERS for one in kinds):
        return
    for value, place in zip(
        (*arguments, *keywords.values()), (*node.args, *(one.value for one in node.keywords)), strict=False
    ):
        kind = type(value)
        if type(value) is Unknown or _is_canvas(value, kinds):
            continue
        if kind is not Inst and kind is not Foreign:
            for text in strings(value):
                if "_" in text and analysis.tables.is_critical(text):
                    analysis.report("attributes.named", place, f"Hands on {text!r}, a name of the interpreter's own.")
                    break
        if kind is Const:
            if isinstance(value.value, str) and value.value.startswith(_OUTSIDE) and len(value.value) > 2:  # type: ignore[attr-defined]
                _judge_outside(analysis, place, callee, value.value)  # type: ignore[attr-defined]
            continue
        if kind in (Inst, Bag, Many, Foreign):
            _judge_filled(analysis, place, value, kinds)
        if kind in (Inst, Bag, Many) and any(type(one) in (Lib, Foreign, Unknown) for one in kinds):
            _judge_hooked(analysis, place, value)
        escapes.judge(analysis, value, place, "handed to a call")


def _is_canvas(value: Value, callees: tuple[Value, ...]) -> bool:
    """Recognise `pyplot` given to a library that draws with it: `stats.probplot(x, plot=plt)`."""
    return type(value) is Module and value.path == PYPLOT and all(
        type(one) is Lib and one.path.startswith(_DRAWING) for one in callees
    )  # fmt: skip


_DRAWING = ("scipy.stats.", "statsmodels.graphics.", "pandas.plotting.")
_OUTSIDE = ("/", "~", "../", "./", "file:", "http:", "https:", "ftp:", "s3:")


def _judge_outside(analysis: Analysis, place: ast.AST, callee: Value, text: str) -> None:
    """Judge a path or an address given to a library that is judged by its words alone."""
    if paths.is_mounted(analysis, text) or paths.is_artifact(analysis, Const(text)):
        return  # a name beside the program is judged where it is read or written
    for one in each(callee):
        if type(one) in (Lib, Foreign) and one.path.split(".", 1)[0] in analysis.tables.others:  # type: ignore[attr-defined]
            analysis.report("library.path_argument", place, f"{text!r} looks like a path or an address.")
            return


def _judge_hooked(analysis: Analysis, place: ast.AST, value: Value, depth: int = 0) -> None:
    """Judge objects handed to a library that answer for every attribute: also for an array's address."""
    for one in each(value):
        if type(one) is Bag and depth < 2:
            for item in one.items[:64]:
                _judge_hooked(analysis, place, item, depth + 1)
        elif type(one) is Inst and not {"__getattr__", "__getattribute__"}.isdisjoint(one.scope.bindings):
            analysis.report("structure.dunder", place, "A library would ask this object for an array's address.")


def _judge_filled(analysis: Analysis, place: ast.AST, value: Value, callees: tuple[Value, ...], depth: int = 0) -> None:
    """Judge objects made into arrays whose attributes were named at run time: one may give an array's address."""
    if not all(type(one) is Lib and one.path.startswith(_ARRAYS) for one in callees):
        return
    for one in each(value):
        if type(one) is Bag and depth < 2:
            for item in one.items[:64]:
                _judge_filled(analysis, place, item, callees, depth + 1)
        elif reflection.is_filled(analysis, one):
            analysis.report("structure.dunder", place, "A library would ask this object for an array's address.")


_ARRAYS = ("numpy.", "pandas.", "polars.", "pyarrow.", "scipy.")
"""Libraries that ask an object for its memory before anything else."""


def _takes_any(callee: Value) -> bool:
    """Recognise a function with `*args` or `**kwargs`, where an argument cannot be followed."""
    node = getattr(callee, "node", None)
    if type(callee) is Class:
        bound = callee.scope.bindings["__init__"]
        node = bound[0].node if bound[0].kind == "def" else None
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return True
    return node.args.vararg is not None or node.args.kwarg is not None


def _called(
    analysis: Analysis, node: ast.Call, callee: Value,
    arguments: list[Value], keywords: dict[str, Value],
) -> Value:  # fmt: skip
    kind = type(callee)
    if kind is Builtin:
        return _builtin(analysis, node, callee.name, arguments, keywords)  # type: ignore[attr-defined]
    if kind is Method:
        return _method(analysis, node, callee, arguments, keywords)  # type: ignore[arg-type]
    if kind is Func:
        return analysis.returned(callee)  # type: ignore[arg-type]
    if kind is Class:
        inherited.judge_made(analysis, node, callee, arguments, keywords)  # type: ignore[arg-type]
        return Inst(callee.scope)  # type: ignore[attr-defined]
    if callee is TYPE_OF:
        analysis.report("structure.type_call", node, "Makes an object of a class that only another object names.")
        return UNKNOWN
    if kind in (Lib, Foreign):
        path = callee.path  # type: ignore[attr-defined]
        if kind is Foreign and not isinstance(node.func, ast.Attribute):
            library.judge_bound(analysis, node, path)
        if path == "dataclasses.field" and analysis.scope.kind == "class":
            return _field(analysis, node, keywords)
        if path == "sandbox.params.get" and len(arguments) == 2 and folding.is_textual(arguments[1]):
            return join([Foreign(path), arguments[1]])
        if kind is Lib and path.startswith(("os.", "pathlib.")):
            return pathobjects.call(analysis, node, path, arguments, keywords)
        if kind is Lib:
            library.judge_function(analysis, node, path, arguments, keywords)
            resources.judge_function(analysis, node, path, arguments)
            if path in ("copy.copy", "copy.deepcopy") and arguments:
                return arguments[0]
            passed = passing.result(path, arguments)
            if passed is not None:
                return passed
            if path == "textwrap.dedent" and len(arguments) == 1 and type(arguments[0]) is Const:
                return Const(textwrap.dedent(str(arguments[0].value)))
        elif path.startswith(("functools.", "copy.")):
            return OPAQUE
        return Foreign(path)
    if kind is Danger:
        return callee
    if kind is Inst:
        return OPAQUE
    return UNKNOWN


def _field(analysis: Analysis, node: ast.Call, keywords: dict[str, Value]) -> Value:
    """Give what the fields of the objects of a dataclass hold at first."""
    factory = keywords.get("default_factory")
    if factory is None or type(factory) is Danger:
        return keywords.get("default", UNKNOWN)
    if type(factory) is Builtin and factory.name in ("list", "dict", "set"):
        return Bag(())
    if type(factory) in (Func, Class):
        return _called(analysis, node, factory, [], {})
    return UNKNOWN


def _used(analysis: Analysis, node: ast.Call, danger: Danger) -> None:
    """Say where a dangerous value that was bound elsewhere is called."""
    direct = isinstance(node.func, ast.Name) and node.func.id == danger.what
    if danger.line and danger.line != node.lineno and not direct and not isinstance(node.func, ast.Attribute):
        analysis.report("dataflow.use", node, f"Calls {danger.what}, which came from line {danger.line}.")


def _builtin(
    analysis: Analysis, node: ast.Call, name: str, arguments: list[Value], keywords: dict[str, Value]
) -> Value:
    if name in _REFLECTION:
        return reflection.reflect(analysis, node, name, arguments)
    if name == "type":
        if len(node.args) + len(node.keywords) > 1 or any(isinstance(one, ast.Starred) for one in node.args):
            analysis.report("structure.dynamic_class", node, "type() with three arguments makes a class.")
        elif arguments and all(type(one) is Inst for one in each(arguments[0])):
            return join([Class(one.scope) for one in each(arguments[0])])  # type: ignore[attr-defined]
        return TYPE_OF if arguments and not isinstance(node.args[0], ast.Constant) else UNKNOWN
    if name == "vars":
        if len(arguments) != 1 or not all(type(one) is Inst or _is_namespace(one) for one in each(arguments[0])):
            analysis.report("builtins.namespace", node, "vars gives the interpreter's own tables of names.")
        return UNKNOWN
    if name == "super":
        return _super(analysis)
    if name == "map" and len(arguments) == 2:
        return _mapped(analysis, node, arguments)
    if name == "dict":
        named = {key: value for key, value in keywords.items() if key != "**"}
        tables = [*arguments, *(keywords[key] for key in ("**",) if key in keywords)]
        tables.append(Bag(tuple(named.values()), keys=tuple(Const(key) for key in named)))
        return folding.table(tables)
    resources.judge_builtin(analysis, node, name, arguments)
    if keywords and name not in ("int", "str", "bytes"):
        return folding.builtin(name, arguments) if name in ("sorted", "list") else UNKNOWN
    if any(isinstance(one, ast.Starred) for one in node.args):
        return BUILT if name in ("bytes", "chr") else UNKNOWN
    if name in ("next", "iter", "max", "min") and arguments and type(arguments[0]) is Bag:
        return folding.element(arguments[0], "iter") if name != "iter" else arguments[0]
    if name == "format" and len(arguments) == 2 and type(arguments[0]) is not Const:
        return make_text(passing.as_formatted(arguments[1]))
    return folding.builtin(name, arguments) if len(arguments) < 8 else UNKNOWN


def _is_namespace(value: Value) -> bool:
    """Recognise what a parser of arguments gives: its table holds what was parsed."""
    return type(value) is Foreign and (value.path.endswith(".parse_args") or value.path == "types.SimpleNamespace")


def _super(analysis: Analysis) -> Value:
    scope = analysis.scope
    while scope.parent is not None and scope.owner is None:
        scope = scope.parent
    return Inst(scope.owner) if scope.owner is not None else UNKNOWN


def _mapped(analysis: Analysis, node: ast.Call, arguments: list[Value]) -> Value:
    function, source = arguments
    if type(function) is Builtin:
        items = folding.known(source)
        if isinstance(items, list | str | bytes) and len(items) <= 512:
            return Bag(tuple(folding.builtin(function.name, [folding.as_value(one)]) for one in items), ordered=True)
        return Bag((folding.builtin(function.name, [folding.element(source, "iter")]),))
    if type(function) is Func:
        return Bag((analysis.returned(function),))
    if type(function) is Foreign:
        library.judge_bound(analysis, node, function.path)
    if type(function) is Method:
        return Bag((_method(analysis, node, function, [folding.element(source, "iter")], {}),))
    return UNKNOWN


def _method(
    analysis: Analysis, node: ast.Call, bound: Method, arguments: list[Value], keywords: dict[str, Value]
) -> Value:
    owner, name = bound.owner, bound.name
    if type(owner) is File:
        return pathobjects.method(analysis, node, owner, name, arguments, keywords)
    if name in ("format", "format_map"):
        strings_as_code.judge_format(analysis, node, owner)
    if type(owner) is Builtin:
        if owner.name == "dict" and name == "fromkeys" and arguments:
            return Bag(
                (arguments[1] if len(arguments) > 1 else UNKNOWN,), keys=(folding.element(arguments[0], "iter"),)
            )
        if owner.name in ("str", "bytes", "bytearray", "int"):
            if name in ("fromhex", "maketrans", "from_bytes"):
                return folding.method({"str": str, "int": int}.get(owner.name, bytes), name, arguments, keywords)
            if arguments:
                return _method(analysis, node, Method(arguments[0], name), arguments[1:], keywords)
        if name in ("__setattr__", "__delattr__", "__getattr__"):
            reflection.reflect(analysis, node, name.strip("_"), arguments)
        return UNKNOWN
    if type(owner) is Bag:
        return _of_bag(analysis, node, owner, name, arguments)
    if type(owner) is Const and isinstance(owner.value, str | bytes) and name in folding.PURE_METHODS:
        return folding.method(owner.value, name, arguments, keywords)
    if folding.is_textual(owner) and name in folding.PURE_METHODS:
        return BUILT if name not in ("find", "index", "count", "startswith", "endswith") else UNKNOWN
    return UNKNOWN


def _of_bag(analysis: Analysis, node: ast.Call, owner: Bag, name: str, arguments: list[Value]) -> Value:
    if node.keywords:
        escapes.judge(analysis, owner, node, "handed to a key function")
    if name in ("append", "extend", "insert", "add", "update", "setdefault", "appendleft"):
        for value in arguments:
            escapes.judge(analysis, value, node, "put into a container")
    if name == "keys":
        return Bag(owner.keys)
    if name == "items":
        return Bag((Bag((join(list(owner.keys)), join(list(owner.items))), ordered=True),))
    if name in ("values", "copy"):
        return Bag(owner.items)
    if name in ("pop", "popleft") and owner.items and len(arguments) < 2:
        return join(list(owner.items))
    if name in ("get", "pop", "popleft", "setdefault", "popitem", "__getitem__"):
        return join([*owner.items, *arguments[1:], UNKNOWN])
    return UNKNOWN
