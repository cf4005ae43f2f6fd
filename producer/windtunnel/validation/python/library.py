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
    folding,
    formulas,
    named_methods,
    packages,
    paths,
    reflection,
    strings_as_code,
)
from windtunnel.validation.python.analysis import Analysis
from windtunnel.validation.python.values import (
    UNKNOWN,
    Bag,
    Builtin,
    Class,
    Const,
    File,
    Foreign,
    Func,
    Inst,
    Lib,
    Many,
    Module,
    Text,
    Unknown,
    Value,
    each,
    has_built,
    strings,
)

_OPTION_FUNCTIONS = frozenset(
    """pandas.set_option pandas.option_context matplotlib.use matplotlib.pyplot.switch_backend matplotlib.rc
    matplotlib.pyplot.rc pandas.options""".split()
)
_NAMED_ATTRIBUTE = frozenset({"operator.attrgetter", "operator.methodcaller"})
_WRAPPERS = {"functools.wraps": 1, "functools.update_wrapper": 2}
_BY_DUNDER = frozenset({"__getattr__", "__setattr__", "__delattr__"})
_SETTINGS = ("backend", "usetex", "texsystem", "_path", "convert_args")
STYLES = frozenset({"matplotlib.style.library", "matplotlib.style.core.library"})
"""The table of styles by their names."""
_ON_CHAINS = frozenset("format format_map".split())


def judge_method(
    analysis: Analysis, node: ast.Call, receiver: Value, name: str, arguments: list[Value],
    keywords: dict[str, Value],
) -> None:  # fmt: skip
    """Judge the arguments of a method call on any receiver."""
    tables = analysis.tables
    own = type(receiver) in (Inst, Class) and name in analysis.program.attributes
    if not own:
        if name in tables.path_argument:
            paths.judge_path_argument(analysis, node, name, arguments, keywords)
        elif name.startswith("to_") and (arguments or keywords) and tables.judge_name(name) == "structural.write":
            _judge_conversion(analysis, node, receiver, name, [*arguments, *keywords.values()])
        elif name in tables.expressions and (arguments or keywords) and type(receiver) is not Module:
            if not _only_numbers(arguments, keywords):
                given = arguments[0] if arguments else keywords.get("expr", UNKNOWN)
                sure = name == "eval" or (type(receiver) is Foreign and receiver.path.startswith("pandas."))
                formulas.judge_expression(analysis, node, given, f".{name}", sure=sure)
        elif name.startswith("open_") and _pathlike([*arguments, *keywords.values()]):
            analysis.report("library.file_read", node, f"By its name and arguments, .{name} opens a file.")
        elif name == "open" and "pathlib" in analysis.lent and not _is_file(receiver):
            analysis.report("library.file_read", node, ".open of what may be a path that is not known here.")
        elif name in _ON_CHAINS:
            strings_as_code.judge_format_call(analysis, node, receiver, arguments, name)
    if name in _BY_DUNDER and type(receiver) is not Builtin:
        reflection.reflect(analysis, node, name.strip("_"), [receiver, *arguments])
    if name == "load" and (arguments or keywords):
        _judge_load(analysis, node, receiver, [*arguments, *keywords.values()])
    if name == "from_formula":
        given = arguments[0] if arguments else keywords.get("formula", UNKNOWN)
        formulas.judge_expression(analysis, node, given, ".from_formula")
    doors.judge_method(analysis, node, receiver, name, arguments, keywords)
    if type(receiver) is Lib and receiver.path in STYLES and name in ("update", "setdefault", "__setitem__"):
        analysis.report("structure.patch", node, "Adds a style: its settings are not seen where it is used.")
    if type(receiver) is Lib and receiver.path.endswith("rcParams"):
        if name == "update":
            for table in (*arguments, *(keywords[one] for one in ("**",) if one in keywords)):
                _judge_settings(analysis, node, table)
        elif name in ("setdefault", "__setitem__") and arguments:
            if type(arguments[0]) is Const:
                judge_setting(analysis, node, str(arguments[0].value))
            else:
                _judge_settings(analysis, node, UNKNOWN)
    if name in tables.by_name and type(receiver) is not Module and not own:
        named_methods.judge_call(analysis, node, name, arguments, keywords)
    if keywords:
        judge_keywords(analysis, node, keywords)


def _is_file(receiver: Value) -> bool:
    return all(type(one) is File for one in each(receiver))


def _judge_load(analysis: Analysis, node: ast.Call, receiver: Value, given: list[Value]) -> None:
    """Judge `.load(…)` of a library's class or object: what is kept that way is a pickle."""
    for one in each(receiver):
        library = type(one) in (Lib, Foreign) and not one.path.startswith(("sandbox.", "json"))  # type: ignore[attr-defined]
        if library or (type(one) is Unknown and _pathlike(given)):
            analysis.report("library.pickle", node, ".load of a library's object unpickles a file.")
            return


def _pathlike(given: list[Value]) -> bool:
    """Say whether a value may be the text of a path."""
    return any(
        type(one) is Text
        or (type(one) is Const and isinstance(one.value, str) and any(mark in one.value for mark in "/\\.:"))
        for value in given
        for one in each(value)
    )


def _judge_conversion(analysis: Analysis, node: ast.Call, receiver: Value, name: str, given: list[Value]) -> None:
    """Judge a `to_…` that nobody knows: with a text among its arguments it writes."""
    if name in analysis.program.attributes and type(receiver) not in (Foreign, Lib):
        return
    textual = any(
        type(one) is Text or (
            type(one) is Const and isinstance(one.value, str) and not one.value.isidentifier()
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
    return all(type(one) is Const and not isinstance(one.value, str) for one in given)


def judge_keywords(analysis: Analysis, node: ast.Call, keywords: dict[str, Value], callee: Value | None = None) -> None:
    """Judge the keywords of a call; `callee` is the library's class that an own one inherits from."""
    tables = analysis.tables
    foreign = not all(type(one) in (Func, Class) for one in each(callee or analysis.memo.get(node.func, UNKNOWN)))
    for name, value in keywords.items():
        if name in tables.by_name_keywords and foreign:
            named_methods.judge(analysis, node, value)
        elif name in tables.chosen_keywords and foreign:
            named_methods.judge_strings(analysis, node, value)
        elif name in ("backend", "engine") and foreign:
            _judge_option(analysis, node, value, name)
        elif name == "filename" and _is_log(analysis, node, value):
            paths.judge_writing(analysis, node, "basicConfig", value)
        elif (
            (name in tables.path_keywords or name.endswith(_PATHS))
            and foreign
            and not _is_judged_path(analysis, node, name)
        ):
            if not (type(value) is Const and not isinstance(value.value, str)):
                if type(value) is Foreign and value.path in tables.memory:
                    continue
                analysis.report("library.path_argument", node, f"{name}= gives the library a path.")
        elif name == "usetex":
            judge_setting(analysis, node, name)
        elif name in _TEXTUAL_DOORS and foreign:
            _judge_door(analysis, node, name, value)
        elif name.endswith("formula") and foreign:
            for text in strings(value):
                formulas.judge_expression(analysis, node, Const(text), f"{name}=")
        elif name == "**" and foreign:
            _judge_spread(analysis, node, value, callee)
        elif name in _OBJECT_HOOKS and _fills(analysis, value):
            analysis.report("structure.dunder", node, f"{name}= names attributes by a text that is not seen here.")
        elif name == "allow_pickle" and not (type(value) is Const and not value.value):
            analysis.report("library.pickle", node, "allow_pickle=True unpickles what it reads, which runs code.")


def _is_log(analysis: Analysis, node: ast.Call, value: Value) -> bool:
    """Recognise a log file of the program's own among its artifacts."""
    path = getattr(analysis.memo.get(node.func), "path", "")
    return path == "logging.basicConfig" and all(paths.is_artifact(analysis, one) for one in each(value))


def _is_judged_path(analysis: Analysis, node: ast.Call, keyword: str) -> bool:
    """Say whether the path is judged with the function that reads it, or the method that writes to it."""
    callee = analysis.memo.get(node.func)
    if type(callee) is Lib and callee.path.rpartition(".")[2] in analysis.tables.reading:
        return keyword in paths.READ and not callee.path.startswith("json.")
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    place = analysis.tables.path_argument.get(name)
    return place is not None and place[0] == keyword


_PATHS = ("_filename", "_filepath", "_file_path")
_OBJECT_HOOKS = frozenset({"object_hook", "object_pairs_hook"})


def _fills(analysis: Analysis, value: Value) -> bool:
    """Say whether a function makes objects with attributes of any name."""
    for one in each(value):
        made = analysis.returned(one) if type(one) is Func else one
        if type(made) is Lib and made.path == "types.SimpleNamespace":
            return True
        if any(reflection.is_filled(analysis, part) for part in each(made)):
            return True
    return False


_TEXTUAL_DOORS = frozenset({"boundscheck", "memory", "format", "refcheck", "rc", "input"})


def _judge_door(analysis: Analysis, node: ast.Call, name: str, value: Value) -> None:
    """Judge keywords that are a door for some of their values only."""
    if name == "memory":
        if any(type(one) is not Const or isinstance(one.value, str) for one in each(value)):
            analysis.report("library.path_argument", node, "memory= makes the library pickle to and from a folder.")
    elif name == "format":
        if "pgf" in strings(value) or "raw" in strings(value):
            analysis.report("library.backend", node, "This format starts a program or writes raw bytes.")
    elif name in ("refcheck", "boundscheck"):
        if not (type(value) is Const and value.value):
            analysis.report("library.memory_unsafe", node, f"{name}=False reads or leaves memory outside an array.")
    elif name == "input":
        if "filename" in strings(value) or has_built(value):
            analysis.report("library.path_argument", node, "input='filename' makes the library read files.")
    elif name == "rc":
        _judge_settings(analysis, node, value)


def _judge_settings(analysis: Analysis, node: ast.AST, value: Value) -> None:
    """Judge a table of settings: all its keys have to be known."""
    for one in each(value):
        if type(one) is Const:
            continue
        if type(one) is not Bag or any(type(key) is not Const for item in one.keys for key in each(item)):
            analysis.report("library.backend", node, "Settings whose names cannot be read here.")
            return
        for text in strings(one):
            judge_setting(analysis, node, text)


SPREAD_DOORS = frozenset({"logging.basicConfig", "argparse.ArgumentParser", "logging.StreamHandler"})


def _judge_spread(analysis: Analysis, node: ast.Call, value: Value, callee: Value | None) -> None:
    """Judge `**options`: what is known of it as keywords, and that none was built to be unreadable."""
    callee = callee or analysis.memo.get(node.func, UNKNOWN)
    path = getattr(callee, "path", "")
    for one in each(value):
        if type(one) is Bag and not one.ordered and len(one.keys) == len(one.items) and one.keys:
            for key, item in zip(one.keys, one.items, strict=True):
                for text in strings(key):
                    if text != "**":
                        judge_keywords(analysis, node, {text: item}, callee)
                if path and has_built(key):
                    analysis.report("library.path_argument", node, "An option whose name cannot be read.")
                    return
        elif path in SPREAD_DOORS or path.endswith("Vectorizer") or (path and has_built(one)):
            analysis.report("library.path_argument", node, f"{path or 'A call'} gets options that cannot be read.")
            return


def judge_setting(analysis: Analysis, node: ast.AST, key: str) -> None:
    """Judge the name of a setting of a library: some load a module or start a program."""
    if any(word in key for word in _SETTINGS) and len(key) < 64:
        analysis.report("library.backend", node, f"The setting {key!r} loads a module or starts a program.")


def _judge_option(analysis: Analysis, node: ast.AST, value: Value, name: str) -> None:
    for one in each(value):
        if type(one) is Const:
            text = one.value
            if not isinstance(text, str) or text in analysis.tables.option_values or text.lower() == "agg":
                continue
        elif not folding.may_be_text(one):
            continue
        analysis.report("library.backend", node, f"{name}= names a module that would be imported.")
        return


def judge_bound(analysis: Analysis, node: ast.Call, path: str) -> None:
    """Judge a call of a method that was bound to a name before: `f = x.dump; f(path)`."""
    name = path.rpartition(".")[2]
    rule = analysis.tables.methods.get(name, "")
    if rule.startswith("library.") and not path.startswith(("sandbox.", "json.")):
        analysis.report(rule, node, f"Calls .{name}, which was bound to a name before.")


def judge_function(
    analysis: Analysis, node: ast.Call, path: str, arguments: list[Value], keywords: dict[str, Value]
) -> None:
    """Judge a call of a library's function, known by its full name."""
    root, _, name = path.rpartition(".")
    tables = analysis.tables
    if not isinstance(node.func, ast.Attribute) and keywords:
        judge_keywords(analysis, node, keywords)
    strings_as_code.judge_type_maker(analysis, node, path)
    doors.judge_function(analysis, node, path, arguments, keywords)
    packages.judge_function(analysis, node, path, arguments, keywords)
    if path in _NAMED_ATTRIBUTE:
        _judge_getter(analysis, node, arguments)
    elif path in _WRAPPERS:
        positional = len(node.args) <= _WRAPPERS[path] and not any(isinstance(one, ast.Starred) for one in node.args)
        if not positional or not keywords.keys() <= {"wrapped", "wrapper"}:
            analysis.report("attributes.unknown_name", node, f"{path} copies attributes chosen by their names.")
    elif path in _OPTION_FUNCTIONS or name == "set_option":
        _judge_options(analysis, node, path, arguments)
    elif name in tables.reading and root not in ("json",):
        paths.judge_reading(analysis, node, path, arguments, keywords)
    elif name in ("save", "savez", "savez_compressed", "savetxt", "imsave"):
        given = keywords.get("file", keywords.get("fname", arguments[0] if arguments else UNKNOWN))
        artifact = all(paths.is_artifact(analysis, one) for one in each(given))
        if not artifact and path in tables.scratch and all(paths.is_scratch(analysis, one) for one in each(given)):
            analysis.report("library.scratch_file", node, f"{path} writes a file.")
        else:
            paths.judge_writing(analysis, node, path, given)
    elif name in tables.path_argument and getattr(node.func, "attr", "") != name:
        paths.judge_path_argument(analysis, node, name, arguments, keywords)
    elif path == "pandas.eval" or ".formula." in path or path.endswith(".from_formula"):
        given = arguments[0] if arguments else keywords.get("formula", keywords.get("expr", UNKNOWN))
        formulas.judge_expression(analysis, node, given, path)
    elif path in tables.by_name_functions:
        named_methods.judge_place(analysis, node, tables.by_name_functions[path], arguments, keywords)
    elif name in tables.methods and name not in ("load", "dump", "dumps"):
        analysis.report(tables.methods[name], node, f"{path} is input or output.")
    elif path == "numpy.ndarray" and ("buffer" in keywords or "strides" in keywords or len(arguments) > 3):
        analysis.report("library.memory_unsafe", node, "numpy.ndarray over a buffer reaches raw memory.")
    elif path in ("matplotlib.rc_context", "matplotlib.pyplot.rc_context"):
        for value in arguments[:1]:
            _judge_settings(analysis, node, value)
        if any(type(one) is not Const or one.value is not None for value in arguments[1:] for one in each(value)):
            analysis.report("library.file_read", node, f"{path} reads settings from a file.")
    elif path in ("pandas.plotting.register", "matplotlib.style.use", "matplotlib.style.context"):
        _judge_style(analysis, node, arguments)
    elif path in ("functools.reduce", "functools.partial", "itertools.starmap") and arguments:
        escapes.judge(analysis, arguments[0], node, f"handed to {path}")


def _judge_getter(analysis: Analysis, node: ast.Call, arguments: list[Value]) -> None:
    chosen = arguments if node.func is not None and "attrgetter" in ast.dump(node.func) else arguments[:1]
    if not arguments or any(isinstance(one, ast.Starred) for one in node.args):
        analysis.report("attributes.unknown_name", node, "A getter whose attribute is not known here.")
        return
    for value in chosen or arguments[:1]:
        for one in each(value):
            if type(one) is not Const or not isinstance(one.value, str):
                analysis.report("attributes.unknown_name", node, "A getter whose attribute is not known here.")
                return
            for name in one.value.split("."):
                if name in _ON_CHAINS:
                    analysis.report("attributes.format_unknown", node, "Formats with a template that is not seen.")
                elif analysis.tables.judge_name(name) == "judged":
                    analysis.report("library.named_method", node, f"Calls the method {name!r} by its name.")
                else:
                    attributes.judge(analysis, UNKNOWN, name, node, called=False)


def _judge_options(analysis: Analysis, node: ast.Call, path: str, arguments: list[Value]) -> None:
    if path in ("matplotlib.use", "matplotlib.pyplot.switch_backend"):
        given = arguments[0] if arguments else UNKNOWN
        if any(type(one) is not Const for one in each(given)):
            analysis.report("library.backend", node, f"{path} loads a back end that is not known here.")
        _judge_option(analysis, node, given, "the back end")
        return
    if has_built(Many(tuple(arguments))) if arguments else False:
        analysis.report("library.backend", node, f"{path} sets an option that cannot be read.")
        return
    for option, value in zip(arguments[::2], arguments[1::2], strict=False):
        for text in strings(option):
            if any(word in text for word in analysis.tables.option_words):
                _judge_option(analysis, node, value, f"the option {text}")


def _judge_style(analysis: Analysis, node: ast.Call, arguments: list[Value]) -> None:
    for value in arguments:
        if type(value) is Bag and value.keys:
            _judge_settings(analysis, node, value)
            continue
        if type(value) is not Const and (has_built(value) or not list(strings(value))):
            analysis.report("library.file_read", node, "A style that is not known here may be a file.")
        for text in strings(value):
            if "/" in text or "\\" in text or "." in text or ":" in text:
                analysis.report("library.file_read", node, "A style is read from a file.")
