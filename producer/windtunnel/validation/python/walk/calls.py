"""Evaluates calls: who is called, with which arguments, and what comes back."""

from __future__ import annotations

import ast
import textwrap

from windtunnel.validation.python.evaluation import ownership
from windtunnel.validation.python.evaluation.analysis import Analysis
from windtunnel.validation.python.evaluation.call import SPREAD, Call
from windtunnel.validation.python.rules import attributes, call_arguments, library, path_objects, paths
from windtunnel.validation.python.rules.advice import lookahead, repeatability, resources
from windtunnel.validation.python.values import standard_functions, texts
from windtunnel.validation.python.values.lattice import (
    BUILT,
    OPAQUE,
    UNKNOWN,
    Bag,
    Builtin,
    Class,
    Const,
    Danger,
    Foreign,
    Func,
    Inst,
    Lib,
    Method,
    Unknown,
    Value,
    each,
    join,
    text_of,
)
from windtunnel.validation.python.walk import builtin_calls, library_subclasses

_CLASS_TESTS = frozenset({"isinstance", "issubclass"})


def call(analysis: Analysis, node: ast.Call) -> Value:
    """Evaluate a call."""
    function = node.func
    if isinstance(function, ast.Name):
        opened = _named_call(analysis, node, function)
        if opened is not None:
            return opened
    receiver = analysis.value(function.value) if isinstance(function, ast.Attribute) else None
    callee = _callee(analysis, node, receiver)
    made = _given(analysis, node, receiver, callee)
    if isinstance(function, ast.Attribute) and receiver is not None:
        if function.attr == "strftime" and isinstance(receiver, Foreign | Unknown):
            return texts.as_date(made.arguments or made.given)
        library.judge_method(analysis, made, receiver, function.attr)
        lookahead.judge_call(analysis, made, function.attr)
    _judge_arguments(analysis, made, callee)
    if isinstance(callee, Unknown):
        return callee if callee is OPAQUE else _of_unknown(receiver, node)
    if isinstance(callee, Danger):
        _used(analysis, node, callee)
        return callee
    found = join([_called(analysis, made, one) for one in each(callee)])
    if analysis.program.overwritten and isinstance(receiver, Inst) and isinstance(callee, Func):
        return join([found, OPAQUE])
    return found


def _named_call(analysis: Analysis, node: ast.Call, function: ast.Name) -> Value | None:
    """Evaluate `open(…)` of an artifact and `memoryview(…)` of bytes; None for any other.

    Where `vars(…)` is asked of what was parsed, its result is noted as one that is only looked at.
    """
    if function.id == "open" and analysis.resolve("open") is None:
        opened = paths.open_artifact(analysis, node)
        if opened is not None:
            analysis.memo[function] = UNKNOWN
        return opened
    if function.id == "memoryview" and len(node.args) == 1 and _is_bytes(analysis.value(node.args[0])):
        analysis.memo[function] = UNKNOWN
        return UNKNOWN
    if function.id == "vars" and len(node.args) == 1 and not node.keywords:
        if all(ownership.is_namespace(one) for one in each(analysis.value(node.args[0]))):
            analysis.program.readonly.add(function)
    return None


def _is_bytes(value: Value) -> bool:
    """Recognise bytes, which nothing can change: a literal, or an array's own."""
    if isinstance(value, Const):
        return isinstance(value.value, bytes)
    return isinstance(value, Foreign) and value.path.endswith((".tobytes", "struct.pack"))


def _callee(analysis: Analysis, node: ast.Call, receiver: Value | None) -> Value:
    """Evaluate what is called; an attribute of a value of which nothing is known is judged by its name alone."""
    function = node.func
    if not isinstance(function, ast.Attribute) or receiver is None:
        callee = analysis.value(function)
        if isinstance(callee, Builtin) and callee.name in _CLASS_TESTS:
            _look_at_classes(analysis, node)
        return callee
    name = function.attr
    judged = analysis.tables.judge_name(name) or name in analysis.program.attributes or receiver is OPAQUE
    if isinstance(receiver, Unknown) and not judged:
        callee = UNKNOWN
    elif name == "spawn" and isinstance(receiver, Foreign) and receiver.path.startswith("numpy.random."):
        callee = Foreign("numpy.random.SeedSequence")
    else:
        callee = attributes.read(analysis, receiver, name, function, called=True)
    analysis.memo[function] = callee
    return library_subclasses.constructed(analysis, node, receiver, callee) if name == "__init__" else callee


def _given(analysis: Analysis, node: ast.Call, receiver: Value | None, callee: Value) -> Call:
    """Evaluate the arguments; a library is given the text of a path object."""
    own = all(isinstance(one, Func | Class) for one in each(callee))
    arguments = [analysis.value(one) for one in node.args]
    if not own:
        arguments = [text_of(one) for one in arguments]
    if isinstance(callee, Lib) and isinstance(receiver, Lib) and callee.path == receiver.path:
        del arguments[:1]  # `Base.__init__(self, …)`
    keywords: dict[str, Value] = {}
    for keyword in node.keywords:
        value = analysis.value(keyword.value)
        value = value if own else text_of(value)
        name = keyword.arg or SPREAD
        keywords[name] = join([keywords[name], value]) if name in keywords else value
    return Call(node, arguments, keywords)


def _judge_arguments(analysis: Analysis, made: Call, callee: Value) -> None:
    repeatability.judge_call(analysis, made, callee)
    for name in made.keywords:
        if name[0] == "_" and analysis.tables.is_critical(name):
            analysis.report("attributes.named", made.node, f"Gives {name}=, a name of the interpreter's own.")
    if made.arguments or made.keywords:
        call_arguments.judge(analysis, made, callee)


def _look_at_classes(analysis: Analysis, node: ast.Call) -> None:
    """Evaluate `x.__class__` where it is only compared: `isinstance(a, b.__class__)`."""
    for given in node.args:
        for one in given.elts if isinstance(given, ast.Tuple) else [given]:
            if isinstance(one, ast.Attribute) and one.attr == "__class__":
                analysis.value(one.value)
                analysis.memo[one] = builtin_calls.TYPE_OF


def _of_unknown(receiver: Value | None, node: ast.Call) -> Value:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    if name in ("decode", "fromhex"):
        return BUILT
    if name in ("join", "translate") and receiver is not None and texts.is_textual(receiver):
        return BUILT
    return UNKNOWN


def _called(analysis: Analysis, made: Call, callee: Value) -> Value:
    """Evaluate a call of one callee."""
    if isinstance(callee, Builtin):
        return builtin_calls.builtin(analysis, made, callee.name)
    if isinstance(callee, Method):
        return builtin_calls.method(analysis, made, callee)
    if isinstance(callee, Func):
        return analysis.returned(callee)
    if isinstance(callee, Class):
        library_subclasses.judge_made(analysis, made, callee)
        return Inst(callee.scope)
    if callee is builtin_calls.TYPE_OF:
        said = "Makes an object of a class that only another object names."
        analysis.report("structure.type_call", made.node, said)
        return UNKNOWN
    if isinstance(callee, Lib):
        return _of_library(analysis, made, callee.path)
    if isinstance(callee, Foreign):
        return _of_foreign(analysis, made, callee.path)
    if isinstance(callee, Danger):
        return callee
    return OPAQUE if isinstance(callee, Inst) else UNKNOWN


def _of_library(analysis: Analysis, made: Call, path: str) -> Value:
    """Judge and evaluate a call of a library's function or class, known by its full name."""
    if path == "dataclasses.field" and analysis.scope.kind == "class":
        return _field(analysis, made)
    if path.startswith(("os.", "pathlib.")):
        return path_objects.function(analysis, made, path)
    library.judge_function(analysis, made, path)
    resources.judge_function(analysis, made, path)
    if path in ("copy.copy", "copy.deepcopy") and made.arguments:
        return made.arguments[0]
    passed = standard_functions.result(path, made.arguments)
    if passed is not None:
        return passed
    given = made.arguments[0] if len(made.arguments) == 1 else UNKNOWN
    if path == "textwrap.dedent" and isinstance(given, Const):
        return Const(textwrap.dedent(str(given.value)))
    return Foreign(path)


def _of_foreign(analysis: Analysis, made: Call, path: str) -> Value:
    """Judge and evaluate a call of what a library gave."""
    if not isinstance(made.node.func, ast.Attribute):
        library.judge_bound(analysis, made.node, path)
    if path == "dataclasses.field" and analysis.scope.kind == "class":
        return _field(analysis, made)
    if path == "sandbox.params.get" and len(made.arguments) == 2 and texts.is_textual(made.arguments[1]):
        return join([Foreign(path), made.arguments[1]])
    return OPAQUE if path.startswith(("functools.", "copy.")) else Foreign(path)


def _field(analysis: Analysis, call: Call) -> Value:
    """Give what the fields of the objects of a dataclass hold at first."""
    factory = call.keywords.get("default_factory")
    if factory is None or isinstance(factory, Danger):
        return call.keywords.get("default", UNKNOWN)
    if isinstance(factory, Builtin) and factory.name in ("list", "dict", "set"):
        return Bag(())
    if isinstance(factory, Func | Class):
        return _called(analysis, Call(call.node, [], {}), factory)
    return UNKNOWN


def _used(analysis: Analysis, node: ast.Call, danger: Danger) -> None:
    """Say where a dangerous value that was bound elsewhere is called."""
    direct = isinstance(node.func, ast.Name) and node.func.id == danger.what
    if danger.line and danger.line != node.lineno and not direct and not isinstance(node.func, ast.Attribute):
        analysis.report("dataflow.use", node, f"Calls {danger.what}, which came from line {danger.line}.")
