"""Rules about libraries' functions and methods: paths, options, expressions and methods named by a string.

How this generalises: a module's functions come from an allowlist (`rules.imports`); a method on any receiver is
judged by what its name says (`to_…`, `read_…` that is not a known pure conversion), not by a list;
and any argument that is a path, an option naming a module or the name of a judged method is judged wherever
it is given.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from windtunnel.validation.python.evaluation.analysis import Analysis
from windtunnel.validation.python.evaluation.call import Call
from windtunnel.validation.python.rules import escapes, paths, reflection, templates, type_hints
from windtunnel.validation.python.rules.library import formulas, keywords, listed_functions, named_methods, settings
from windtunnel.validation.python.values.lattice import (
    Builtin,
    Class,
    Const,
    File,
    Foreign,
    Inst,
    Lib,
    Module,
    Text,
    Unknown,
    Value,
    each,
)

_WRAPPERS = {"functools.wraps": 1, "functools.update_wrapper": 2}
_BY_DUNDER = frozenset({"__getattr__", "__setattr__", "__delattr__"})
_ON_CHAINS = frozenset("format format_map".split())


def judge_method(analysis: Analysis, call: Call, receiver: Value, name: str) -> None:
    """Judge the arguments of a method call on any receiver."""
    own = isinstance(receiver, Inst | Class) and name in analysis.program.attributes
    if not own:
        _judge_by_name(analysis, call, receiver, name)
        if name in analysis.tables.by_name and not isinstance(receiver, Module):
            named_methods.judge_call(analysis, call, name)
    if name in _BY_DUNDER and not isinstance(receiver, Builtin):
        reflection.reflect(analysis, Call(call.node, [receiver, *call.arguments], {}), name.strip("_"))
    if name == "load" and call.given:
        _judge_load(analysis, call, receiver)
    if name == "from_formula":
        formulas.judge_expression(analysis, call.node, call.argument("formula", 0), ".from_formula")
    listed_functions.judge_method(analysis, call, receiver, name)
    if isinstance(receiver, Lib):
        settings.judge_method(analysis, call, receiver.path, name)
    if call.keywords:
        keywords.judge(analysis, call)


def _judge_by_name(analysis: Analysis, call: Call, receiver: Value, name: str) -> None:
    """Judge a method that is not the program's own by what its name says and what it is given."""
    tables = analysis.tables
    if name in tables.path_argument:
        paths.judge_path_argument(analysis, call, name)
    elif name.startswith("to_") and call.given and tables.judge_name(name) == "structural.write":
        _judge_conversion(analysis, call, receiver, name)
    elif name in tables.expressions and call.given and not isinstance(receiver, Module):
        if not _only_numbers(call):
            sure = name == "eval" or (isinstance(receiver, Foreign) and receiver.path.startswith("pandas."))
            formulas.judge_expression(analysis, call.node, call.argument("expr", 0), f".{name}", sure=sure)
    elif name.startswith("open_") and _is_pathlike(call.given):
        analysis.report("library.file_read", call.node, f"By its name and arguments, .{name} opens a file.")
    elif name == "open" and "pathlib" in analysis.lent and not _is_file(receiver):
        analysis.report("library.file_read", call.node, ".open of what may be a path that is not known here.")
    elif name in _ON_CHAINS:
        templates.judge_format_call(analysis, call, receiver, name)


def _is_file(receiver: Value) -> bool:
    return all(isinstance(one, File) for one in each(receiver))


def _judge_load(analysis: Analysis, call: Call, receiver: Value) -> None:
    """Judge `.load(…)` of a library's class or object: what is kept that way is a pickle."""
    for one in each(receiver):
        library = isinstance(one, Lib | Foreign) and not one.path.startswith(("sandbox.", "json"))
        if library or (isinstance(one, Unknown) and _is_pathlike(call.given)):
            analysis.report("library.pickle", call.node, ".load of a library's object unpickles a file.")
            return


def _is_pathlike(given: list[Value]) -> bool:
    """Say whether a value may be the text of a path."""
    return any(
        isinstance(one, Text)
        or (isinstance(one, Const) and isinstance(one.value, str) and any(mark in one.value for mark in "/\\.:"))
        for value in given for one in each(value)
    )  # fmt: skip


def _judge_conversion(analysis: Analysis, call: Call, receiver: Value, name: str) -> None:
    """Judge a `to_…` that nobody knows: with a text among its arguments it writes."""
    if name in analysis.program.attributes and not isinstance(receiver, Foreign | Lib):
        return
    textual = any(
        isinstance(one, Text)
        or (isinstance(one, Const) and isinstance(one.value, str) and not one.value.isidentifier())
        for value in call.given for one in each(value)
    )  # fmt: skip
    if textual:
        analysis.report("library.file_write", call.node, f"By its name and arguments, .{name} writes a file.")
    else:
        analysis.report("library.unknown_conversion", call.node, f"What .{name} does is not known here.")


def _only_numbers(call: Call) -> bool:
    """Recognise a model's own `.eval(x, y)`: nothing in it can be text."""
    return all(isinstance(one, Const) and not isinstance(one.value, str) for one in call.given)


def judge_bound(analysis: Analysis, node: ast.Call, path: str) -> None:
    """Judge a call of a method that was bound to a name before: `f = x.dump; f(path)`."""
    name = path.rpartition(".")[2]
    rule = analysis.tables.methods.get(name, "")
    if rule.startswith("library.") and not path.startswith(("sandbox.", "json.")):
        analysis.report(rule, node, f"Calls .{name}, which was bound to a name before.")


def judge_function(analysis: Analysis, call: Call, path: str) -> None:
    """Judge a call of a library's function, known by its full name."""
    if not isinstance(call.node.func, ast.Attribute) and call.keywords:
        keywords.judge(analysis, call)
    type_hints.judge_type_maker(analysis, call.node, path)
    listed_functions.judge_function(analysis, call, path)
    judge = _JUDGES.get(path)
    if judge is not None:
        judge(analysis, call, path)
    else:
        _judge_by_last_name(analysis, call, path)


def _judge_by_last_name(analysis: Analysis, call: Call, path: str) -> None:
    """Judge a function by the last part of its name: what reads, writes or evaluates does so in any library."""
    tables = analysis.tables
    root, _, name = path.rpartition(".")
    if name == "set_option":
        settings.judge_options(analysis, call, path)
    elif name in tables.reading and root != "json":
        paths.judge_reading(analysis, call, path)
    elif name in _SAVING:
        paths.judge_saving(analysis, call, path)
    elif name in tables.path_argument and getattr(call.node.func, "attr", "") != name:
        paths.judge_path_argument(analysis, call, name)
    elif path == "pandas.eval" or ".formula." in path or name == "from_formula":
        given = call.argument("expr" if path == "pandas.eval" else "formula", 0)
        formulas.judge_expression(analysis, call.node, given, path)
    elif path in tables.by_name_functions:
        named_methods.judge_place(analysis, call, tables.by_name_functions[path])
    elif name in tables.methods and name not in _OF_JSON:
        analysis.report(tables.methods[name], call.node, f"{path} is input or output.")


_SAVING = frozenset("save savez savez_compressed savetxt imsave".split())
_OF_JSON = frozenset({"load", "dump", "dumps"})


def _judge_wrapper(analysis: Analysis, call: Call, path: str) -> None:
    """Judge `functools.wraps` and its kin: which attributes are copied has to be the usual ones."""
    positional = len(call.node.args) <= _WRAPPERS[path] and not call.is_starred
    if not positional or not call.keywords.keys() <= {"wrapped", "wrapper"}:
        analysis.report("attributes.unknown_name", call.node, f"{path} copies attributes chosen by their names.")


def _judge_array(analysis: Analysis, call: Call, path: str) -> None:
    if "buffer" in call.keywords or "strides" in call.keywords or len(call.arguments) > 3:
        analysis.report("library.memory_unsafe", call.node, f"{path} over a buffer reaches raw memory.")


def _judge_applied(analysis: Analysis, call: Call, path: str) -> None:
    """Judge what is called by a function that calls its first argument."""
    if call.arguments:
        escapes.judge(analysis, call.arguments[0], call.node, f"handed to {path}")


_JUDGES: dict[str, Callable[[Analysis, Call, str], None]] = {
    "operator.attrgetter": reflection.judge_getter,
    "operator.methodcaller": reflection.judge_getter,
    **dict.fromkeys(_WRAPPERS, _judge_wrapper),
    **dict.fromkeys(settings.OPTION_FUNCTIONS, settings.judge_options),
    **dict.fromkeys(settings.CONTEXTS, settings.judge_context),
    **dict.fromkeys(settings.STYLERS, settings.judge_style),
    "numpy.ndarray": _judge_array,
    **dict.fromkeys(("functools.reduce", "functools.partial", "itertools.starmap"), _judge_applied),
}
