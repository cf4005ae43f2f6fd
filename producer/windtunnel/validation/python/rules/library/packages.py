"""Rules about single functions of charting, learning and compiling libraries, with a dangerous argument.

The name of such an argument alone does not show it: a path among the options of a chart, a type that is evaluated as an
expression.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from windtunnel.validation.python.evaluation.analysis import Analysis
from windtunnel.validation.python.evaluation.call import Call
from windtunnel.validation.python.rules import paths
from windtunnel.validation.python.values.lattice import NONE, UNKNOWN, Bag, Const, Foreign, Value, each, has_built

_Judge = Callable[[Analysis, Call, str], None]

_SHORT = frozenset("f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 b1 c8 c16 double int_ uint bool boolean void none".split())


def judge_function(analysis: Analysis, call: Call, path: str) -> None:
    """Judge a call of a library's function, known by its full name."""
    judge = _JUDGES.get(path)
    if judge is not None:
        judge(analysis, call, path)


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
_JUDGES: dict[str, _Judge] = {
    **dict.fromkeys(COMPILERS, _judge_signature),
    "mplfinance.plot": _judge_candles,
    "plotly.io.write_html": _judge_page,
    "plotly.io.write_json": _judge_page,
}
