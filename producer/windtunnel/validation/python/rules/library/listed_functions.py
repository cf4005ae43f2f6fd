"""Rules about single functions and methods of libraries, with a dangerous argument that looks like any other.

Where a library reads a path, evaluates a text or takes a number for an address, and neither the name of the function
nor that of the argument shows it, the policy cannot name a method: these functions are listed here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

from windtunnel.validation.python.catalogue.file_arguments import FILE_ARGUMENTS
from windtunnel.validation.python.evaluation.analysis import Analysis
from windtunnel.validation.python.evaluation.call import Call
from windtunnel.validation.python.rules import paths
from windtunnel.validation.python.rules.library import formulas
from windtunnel.validation.python.values import texts
from windtunnel.validation.python.values.lattice import (
    NONE,
    OPAQUE,
    UNKNOWN,
    Bag,
    Class,
    Const,
    Foreign,
    Inst,
    Lib,
    Many,
    Text,
    Unknown,
    Value,
    each,
    has_built,
    strings,
)

_HARMLESS = frozenset({"content", "passthrough"})
_QHULL = re.compile(r"(?:^|\s)T[OIiFVvWw]")
_ZONES = frozenset({"dateutil.tz.gettz", "dateutil.tz.tz.gettz", "pytz.timezone"})
_OBJECT = frozenset({"O", "object", "object_", "|O", "O8", "=O", "<O", ">O"})


def judge_function(analysis: Analysis, call: Call, path: str) -> None:
    """Judge a call of a library's function, known by its full name."""
    root = path.split(".", 1)[0]
    if root in ("statsmodels", "patsy"):
        formulas.judge_formulas(analysis, call, path)
    elif path in _ZONES:
        _judge_zone(analysis, call.node, path, call.arguments or list(call.keywords.values()))
    elif path.startswith("scipy.spatial.") and path.rpartition(".")[2][:1].isupper():
        _judge_qhull(analysis, call.node, path, call.given)
    elif path == "numpy.frombuffer":
        _judge_object(analysis, call.node, [*call.arguments[1:2], call.keywords.get("dtype", UNKNOWN)])
    elif root == "lightgbm":
        _judge_booster(analysis, call, path)
    if path in FILE_ARGUMENTS:
        _judge_files(analysis, call, path)
    if (
        path == "numpy.load"
        and len(call.arguments) > 2
        and not (type(call.arguments[2]) is Const and not call.arguments[2].value)
    ):
        analysis.report("library.pickle", call.node, "numpy.load unpickles what it reads.")
    elif path in _GENERATORS:
        _judge_generator(analysis, call.node, path, call.given)
    if call.is_starred:
        name = path.rpartition(".")[2]
        if path in FILE_ARGUMENTS or name in analysis.tables.path_argument:
            analysis.report(
                "library.path_argument", call.node, f"{path} gets arguments that cannot be told apart here."
            )
    judge = _JUDGES.get(path)
    if judge is not None:
        judge(analysis, call, path)


_DOORS = frozenset("view set_imputer MICE set_params from_file tz_localize tz_convert astimezone".split())


def judge_method(analysis: Analysis, call: Call, receiver: Value, name: str) -> None:
    """Judge the arguments of a method on an object of a library."""
    if not (call.keywords or name in _DOORS or isinstance(receiver, Lib | Foreign | Many)):
        return
    if name == "view" and call.arguments:
        _judge_object(analysis, call.node, call.arguments[:1])
    elif name in ("set_imputer", "MICE"):
        for value in (*call.arguments[1:2], *(value for key, value in call.keywords.items() if key == "formula")):
            formulas.judge_expression(analysis, call.node, value, f".{name}")
    elif name == "set_params":
        _judge_parameters(analysis, call)
    elif name == "from_file" and isinstance(receiver, Lib | Foreign):
        analysis.report("library.file_read", call.node, ".from_file reads a file.")
    if "tz" in call.keywords:
        _judge_zone(analysis, call.node, f".{name}", [call.keywords["tz"]])
    elif name in ("tz_localize", "tz_convert", "astimezone"):
        _judge_zone(analysis, call.node, f".{name}", call.arguments[:1])
    for one in each(receiver):
        if not isinstance(one, Lib | Foreign):
            continue
        if one.path.startswith("statsmodels"):
            formulas.judge_formulas(analysis, call, f"{one.path}.{name}")
            return
        if one.path.startswith("lightgbm"):
            _judge_booster(analysis, call, f"{one.path}.{name}")
            return


_BOOSTER_FILES = frozenset(
    """forcedsplits_filename forced_splits_filename forced_splits_file forced_splits fs forcedbins_filename
    machine_list_filename machine_list_file machine_list mlist machines workers nodes local_listen_port local_port port
    input_model model_input model_in output_model model_output model_out output_result predict_result prediction_result
    save_binary is_save_binary is_save_binary_file parser_config_file initscore_filename init_score_filename config
    config_file snapshot_freq save_period data train train_data train_data_file data_filename valid test valid_data
    valid_data_file test_data test_data_file valid_filenames convert_model convert_model_file""".split()
)
"""LightGBM's parameters, with their other names, by which it reads or writes files or opens connections."""


def _judge_booster(analysis: Analysis, call: Call, path: str) -> None:
    """Judge LightGBM's parameters: those of a table too may name files and machines."""
    named = () if path in ("lightgbm.train", "lightgbm.cv", "lightgbm.Dataset") else call.keywords
    tables = [one for value in call.given for one in each(value) if isinstance(one, Bag)]
    for name in (*named, *(text for table in tables for key in table.keys for text in strings(key))):
        if name in _BOOSTER_FILES:
            analysis.report("library.path_argument", call.node, f"{path}: {name} makes it use files or the network.")
            return


def _judge_zone(analysis: Analysis, node: ast.Call, path: str, given: list[Value]) -> None:
    """Judge the name of a time zone: one that is a path reads a file."""
    for value in given[:1]:
        for text in strings(value):
            if text.startswith(("/", "~", ".", ":")) or ".." in text or "//" in text:
                analysis.report("library.path_argument", node, f"{path} reads the time zone from the file {text!r}.")
        unknown = [one for one in each(value) if has_built(one) or texts.may_be_text(one)]
        if unknown or (path == "dateutil.tz.gettz" and any(isinstance(one, Unknown | Foreign) for one in each(value))):
            analysis.report("library.path_argument", node, f"{path} gets a time zone that is not known here.")


def _judge_qhull(analysis: Analysis, node: ast.Call, path: str, given: list[Value]) -> None:
    for value in given:
        for text in _texts(value):
            if _QHULL.search(text):
                analysis.report("library.path_argument", node, f"{path}: the option {text!r} writes a file.")
        if has_built(value):
            analysis.report("library.path_argument", node, f"{path} gets options that cannot be read.")


def _texts(value: Value) -> list[str]:
    """Give the known strings of a value, and what is known of those put together."""
    return [*strings(value), *(one.known.replace("\0", " ") for one in each(value) if isinstance(one, Text))]


_GENERATORS = frozenset({"numpy.random.Generator", "numpy.random.RandomState"})


def _judge_generator(analysis: Analysis, node: ast.Call, path: str, given: list[Value]) -> None:
    """Judge what random numbers are drawn from: an object of the program would be taken for memory of numpy's."""
    for value in given:
        if any(isinstance(one, Inst | Class) or one is OPAQUE for one in each(value)):
            analysis.report("library.memory_unsafe", node, f"{path} takes memory from an object of the program.")


def _judge_object(analysis: Analysis, node: ast.Call, given: list[Value]) -> None:
    """Judge a type that takes numbers for addresses of objects."""
    for value in given:
        for one in each(value):
            name = one.value if isinstance(one, Const) else getattr(one, "name", "") or getattr(one, "path", "")
            if str(name).rpartition(".")[2] in _OBJECT or has_built(one):
                analysis.report("library.memory_unsafe", node, "Takes the bytes of an array for addresses of objects.")


def _judge_files(analysis: Analysis, call: Call, path: str) -> None:
    keyword, at = FILE_ARGUMENTS[path]
    if keyword == "memory" and path.endswith("Pipeline"):
        placed = [one for one in call.arguments[1:] if not isinstance(one, Bag)][:2]
    else:
        placed = call.arguments[at : at + 2]
    for value in (*placed, *(call.keywords[key] for key in (keyword,) if key in call.keywords)):
        for one in each(value):
            if isinstance(one, Const) and (
                one.value is None or one.value in _HARMLESS or not isinstance(one.value, str)
            ):
                continue
            if isinstance(one, Const | Text) or has_built(one) or texts.may_be_text(one):
                analysis.report("library.path_argument", call.node, f"{path}: {keyword} makes it read or write files.")
                return


def _judge_parameters(analysis: Analysis, call: Call) -> None:
    """Judge parameters that are set later: `set_params(memory=…)` of an estimator."""
    for key, value in call.keywords.items():
        last = key.rpartition("__")[2]
        if last == "memory" and not all(isinstance(one, Const) and one.value is None for one in each(value)):
            analysis.report(
                "library.path_argument", call.node, f"{key}= makes the library pickle to and from a folder."
            )
        elif last == "input" and ("filename" in strings(value) or has_built(value)):
            analysis.report("library.path_argument", call.node, f"{key}= makes the library read files.")


_SHORT = frozenset("f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 b1 c8 c16 double int_ uint bool boolean void none".split())


def _judge_signature(analysis: Analysis, call: Call, path: str) -> None:
    """Judge the types that numba evaluates as Python: only types that are known may stand in them."""
    known = _SHORT | analysis.tables.surface.get("numba.types", frozenset())
    given = [
        *call.arguments[:1],
        *(call.keywords[name] for name in ("signature", "ftylist", "ftylist_or_function") if name in call.keywords),
    ]
    for value in given:
        for one in each(value):
            for item in one.items if isinstance(one, Bag) else (one,):
                if not all(_is_signature(part, known) for part in each(item)):
                    analysis.report("library.expression", call.node, f"{path} evaluates a string as code.")
                    return
    if "locals" in call.keywords or "link" in call.keywords or "pipeline_class" in call.keywords:
        analysis.report("library.expression", call.node, f"{path} gets options that change how it compiles.")


def _is_signature(value: Value, known: frozenset[str]) -> bool:
    if isinstance(value, Const) and isinstance(value.value, str):
        plain = re.fullmatch(r"[\w\s\[\](),:]*", value.value) is not None
        return plain and all(name in known or name.isdigit() for name in re.findall(r"\w+", value.value))
    return not has_built(value) and not (isinstance(value, Foreign) and not value.path.startswith("numba."))


def _judge_candles(analysis: Analysis, call: Call, path: str) -> None:
    """Judge `savefig=` of mplfinance: a path, or a table with one."""
    if "**" in call.keywords or len(call.arguments) > 1:
        analysis.report("library.path_argument", call.node, f"{path} gets options that cannot be read.")
        return
    for one in each(call.keywords.get("savefig", NONE)):
        target: Value = one
        if isinstance(one, Bag):
            target = next((item for key, item in _pairs(one) if key == "fname"), UNKNOWN)
        paths.judge_writing(analysis, call.node, f"{path}(savefig=…)", target)


def _pairs(table: Bag) -> list[tuple[object, Value]]:
    """Give the keys that are known, with their values."""
    if len(table.keys) != len(table.items):
        return []
    return [
        (key.value, item)
        for name, item in zip(table.keys, table.items, strict=True)
        for key in each(name)
        if isinstance(key, Const)
    ]


def _judge_page(analysis: Analysis, call: Call, path: str) -> None:
    """Judge `plotly.io.write_html(figure, file)`."""
    given = call.argument("file", 1)
    if call.is_open:
        given = UNKNOWN
    paths.judge_writing(analysis, call.node, path, given)


COMPILERS = frozenset({"numba.jit", "numba.njit", "numba.vectorize", "numba.guvectorize"})
"""Without arguments they may decorate a function: no types are given that would have to be judged."""
_JUDGES: dict[str, Callable[[Analysis, Call, str], None]] = {
    **dict.fromkeys(COMPILERS, _judge_signature),
    "mplfinance.plot": _judge_candles,
    "plotly.io.write_html": _judge_page,
    "plotly.io.write_json": _judge_page,
}
