"""Rules about libraries' functions and methods: paths, options, expressions and methods named by a string.

How this generalises: a module's functions come from an allowlist (`surface`); a method on any receiver is
judged by what its name says (`to_…`, `read_…` that is not a known pure conversion), not by a list;
and any argument that is a path, an option naming a module or the name of a judged method is judged wherever
it is given.
"""

from __future__ import annotations

import ast

from windtunnel.validation.python import (
    attributes,
    doors,
    escapes,
    formulas,
    named_methods,
    options,
    packages,
    paths,
    reflection,
    settings,
    strings_as_code,
)
from windtunnel.validation.python.analysis import Analysis
from windtunnel.validation.python.callsite import Call
from windtunnel.validation.python.values import (
    UNKNOWN,
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

_NAMED_ATTRIBUTE = frozenset({"operator.attrgetter", "operator.methodcaller"})
_WRAPPERS = {"functools.wraps": 1, "functools.update_wrapper": 2}
_BY_DUNDER = frozenset({"__getattr__", "__setattr__", "__delattr__"})
_ON_CHAINS = frozenset("format format_map".split())


def judge_method(analysis: Analysis, call: Call, receiver: Value, name: str) -> None:
    """Judge the arguments of a method call on any receiver."""
    tables = analysis.tables
    own = isinstance(receiver, Inst | Class) and name in analysis.program.attributes
    if not own:
        if name in tables.path_argument:
            paths.judge_path_argument(analysis, call, name)
        elif (
            name.startswith("to_")
            and (call.arguments or call.keywords)
            and tables.judge_name(name) == "structural.write"
        ):
            _judge_conversion(analysis, call.node, receiver, name, call.given)
        elif name in tables.expressions and (call.arguments or call.keywords) and not isinstance(receiver, Module):
            if not _only_numbers(call.arguments, call.keywords):
                given = call.argument("expr", 0)
                sure = name == "eval" or (isinstance(receiver, Foreign) and receiver.path.startswith("pandas."))
                formulas.judge_expression(analysis, call.node, given, f".{name}", sure=sure)
        elif name.startswith("open_") and _pathlike(call.given):
            analysis.report("library.file_read", call.node, f"By its name and arguments, .{name} opens a file.")
        elif name == "open" and "pathlib" in analysis.lent and not _is_file(receiver):
            analysis.report("library.file_read", call.node, ".open of what may be a path that is not known here.")
        elif name in _ON_CHAINS:
            strings_as_code.judge_format_call(analysis, call, receiver, name)
    if name in _BY_DUNDER and not isinstance(receiver, Builtin):
        reflection.reflect(analysis, Call(call.node, [receiver, *call.arguments], {}), name.strip("_"))
    if name == "load" and (call.arguments or call.keywords):
        _judge_load(analysis, call.node, receiver, call.given)
    if name == "from_formula":
        given = call.argument("formula", 0)
        formulas.judge_expression(analysis, call.node, given, ".from_formula")
    doors.judge_method(analysis, call, receiver, name)
    if (
        isinstance(receiver, Lib)
        and receiver.path in settings.STYLES
        and name in ("update", "setdefault", "__setitem__")
    ):
        analysis.report("structure.patch", call.node, "Adds a style: its settings are not seen where it is used.")
    if isinstance(receiver, Lib) and receiver.path.endswith("rcParams"):
        if name == "update":
            for table in (*call.arguments, *(call.keywords[one] for one in ("**",) if one in call.keywords)):
                settings.judge_settings(analysis, call.node, table)
        elif name in ("setdefault", "__setitem__") and call.arguments:
            if type(call.arguments[0]) is Const:
                settings.judge_setting(analysis, call.node, str(call.arguments[0].value))
            else:
                settings.judge_settings(analysis, call.node, UNKNOWN)
    if name in tables.by_name and not isinstance(receiver, Module) and not own:
        named_methods.judge_call(analysis, call, name)
    if call.keywords:
        options.judge(analysis, call)


def _is_file(receiver: Value) -> bool:
    return all(isinstance(one, File) for one in each(receiver))


def _judge_load(analysis: Analysis, node: ast.Call, receiver: Value, given: list[Value]) -> None:
    """Judge `.load(…)` of a library's class or object: what is kept that way is a pickle."""
    for one in each(receiver):
        library = isinstance(one, Lib | Foreign) and not one.path.startswith(("sandbox.", "json"))
        if library or (isinstance(one, Unknown) and _pathlike(given)):
            analysis.report("library.pickle", node, ".load of a library's object unpickles a file.")
            return


def _pathlike(given: list[Value]) -> bool:
    """Say whether a value may be the text of a path."""
    return any(
        isinstance(one, Text)
        or (isinstance(one, Const) and isinstance(one.value, str) and any(mark in one.value for mark in "/\\.:"))
        for value in given
        for one in each(value)
    )


def _judge_conversion(analysis: Analysis, node: ast.Call, receiver: Value, name: str, given: list[Value]) -> None:
    """Judge a `to_…` that nobody knows: with a text among its arguments it writes."""
    if name in analysis.program.attributes and not isinstance(receiver, Foreign | Lib):
        return
    textual = any(
        isinstance(one, Text) or (
            isinstance(one, Const) and isinstance(one.value, str) and not one.value.isidentifier()
        )
        for value in given for one in each(value)
    )  # fmt: skip
    if textual:
        analysis.report("library.file_write", node, f"By its name and arguments, .{name} writes a file.")
    else:
        analysis.report("library.unknown_conversion", node, f"What .{name} does is not known here.")


def _only_numbers(arguments: list[Value], keywords: dict[str, Value]) -> bool:
    """Recognise a model's own `.eval(x, y)`: nothing in it can be text."""
    given = [*arguments, *keywords.values()]
    return all(isinstance(one, Const) and not isinstance(one.value, str) for one in given)


def judge_bound(analysis: Analysis, node: ast.Call, path: str) -> None:
    """Judge a call of a method that was bound to a name before: `f = x.dump; f(path)`."""
    name = path.rpartition(".")[2]
    rule = analysis.tables.methods.get(name, "")
    if rule.startswith("library.") and not path.startswith(("sandbox.", "json.")):
        analysis.report(rule, node, f"Calls .{name}, which was bound to a name before.")


def judge_function(analysis: Analysis, call: Call, path: str) -> None:
    """Judge a call of a library's function, known by its full name."""
    root, _, name = path.rpartition(".")
    tables = analysis.tables
    if not isinstance(call.node.func, ast.Attribute) and call.keywords:
        options.judge(analysis, call)
    strings_as_code.judge_type_maker(analysis, call.node, path)
    doors.judge_function(analysis, call, path)
    packages.judge_function(analysis, call, path)
    if path in _NAMED_ATTRIBUTE:
        _judge_getter(analysis, call)
    elif path in _WRAPPERS:
        positional = len(call.node.args) <= _WRAPPERS[path] and not call.is_starred
        if not positional or not call.keywords.keys() <= {"wrapped", "wrapper"}:
            analysis.report("attributes.unknown_name", call.node, f"{path} copies attributes chosen by their names.")
    elif path in settings.OPTION_FUNCTIONS or name == "set_option":
        settings.judge_options(analysis, call, path)
    elif name in tables.reading and root not in ("json",):
        paths.judge_reading(analysis, call, path)
    elif name in ("save", "savez", "savez_compressed", "savetxt", "imsave"):
        given = call.keywords.get("file", call.argument("fname", 0))
        artifact = all(paths.is_artifact(analysis, one) for one in each(given))
        if not artifact and path in tables.scratch and all(paths.is_scratch(analysis, one) for one in each(given)):
            analysis.report("library.scratch_file", call.node, f"{path} writes a file.")
        else:
            paths.judge_writing(analysis, call.node, path, given)
    elif name in tables.path_argument and getattr(call.node.func, "attr", "") != name:
        paths.judge_path_argument(analysis, call, name)
    elif path == "pandas.eval" or ".formula." in path or path.endswith(".from_formula"):
        given = (
            call.arguments[0] if call.arguments else call.keywords.get("formula", call.keywords.get("expr", UNKNOWN))
        )
        formulas.judge_expression(analysis, call.node, given, path)
    elif path in tables.by_name_functions:
        named_methods.judge_place(analysis, call, tables.by_name_functions[path])
    elif name in tables.methods and name not in ("load", "dump", "dumps"):
        analysis.report(tables.methods[name], call.node, f"{path} is input or output.")
    elif path == "numpy.ndarray" and (
        "buffer" in call.keywords or "strides" in call.keywords or len(call.arguments) > 3
    ):
        analysis.report("library.memory_unsafe", call.node, "numpy.ndarray over a buffer reaches raw memory.")
    elif path in ("matplotlib.rc_context", "matplotlib.pyplot.rc_context"):
        for value in call.arguments[:1]:
            settings.judge_settings(analysis, call.node, value)
        if any(
            not isinstance(one, Const) or one.value is not None for value in call.arguments[1:] for one in each(value)
        ):
            analysis.report("library.file_read", call.node, f"{path} reads settings from a file.")
    elif path in ("pandas.plotting.register", "matplotlib.style.use", "matplotlib.style.context"):
        settings.judge_style(analysis, call)
    elif path in ("functools.reduce", "functools.partial", "itertools.starmap") and call.arguments:
        escapes.judge(analysis, call.arguments[0], call.node, f"handed to {path}")


def _judge_getter(analysis: Analysis, call: Call) -> None:
    chosen = (
        call.arguments
        if call.node.func is not None and "attrgetter" in ast.dump(call.node.func)
        else call.arguments[:1]
    )
    if not call.arguments or call.is_starred:
        analysis.report("attributes.unknown_name", call.node, "A getter whose attribute is not known here.")
        return
    for value in chosen or call.arguments[:1]:
        for one in each(value):
            if not isinstance(one, Const) or not isinstance(one.value, str):
                analysis.report("attributes.unknown_name", call.node, "A getter whose attribute is not known here.")
                return
            for name in one.value.split("."):
                if name in _ON_CHAINS:
                    analysis.report("attributes.format_unknown", call.node, "Formats with a template that is not seen.")
                elif analysis.tables.judge_name(name) == "judged":
                    analysis.report("library.named_method", call.node, f"Calls the method {name!r} by its name.")
                else:
                    attributes.judge(analysis, UNKNOWN, name, call.node, called=False)
