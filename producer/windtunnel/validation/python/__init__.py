"""The Python analyser: source text in, findings out. Each package says what it is for, and what it may import."""

from __future__ import annotations

import ast
import gc
import sys
import warnings

from windtunnel.validation import pasted
from windtunnel.validation.findings import Findings
from windtunnel.validation.policy import Policy
from windtunnel.validation.python.catalogue.tables import tables_for
from windtunnel.validation.python.evaluation.analysis import Analysis
from windtunnel.validation.python.program.collector import collect
from windtunnel.validation.python.rules import names
from windtunnel.validation.python.walk import compound_statements
from windtunnel.validation.python.walk.expressions import EXPRESSIONS

_CUT_OFF = "Close it. If the program was cut off here, give the whole of it."
_BETTER = {
    "invalid character": "Write a character of the keyboard: a straight quote, a minus, an ordinary comma or bracket.",
    "invalid non-printable character": "Write an ordinary blank, here and wherever else this character stands.",
    "was never closed": _CUT_OFF,
    "unterminated triple-quoted string": _CUT_OFF,
}
"""A part of the parser's message → what to do about it."""


def parse(text: str, findings: Findings) -> ast.Module | None:
    """Parse, or report why the text is not a program."""
    if pasted.is_notebook(text):
        findings.add("input.syntax", (1, 1), "The text is a notebook's file, not a program.", fix=pasted.NOTEBOOK)
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as error:
        place = (error.lineno or 0, error.offset or 0)
        findings.add(
            "input.syntax",
            place,
            f"Not valid Python {sys.version_info[0]}.{sys.version_info[1]}: {error.msg}.",
            fix=pasted.remedy(text, place[0]) or next((_BETTER[part] for part in _BETTER if part in error.msg), None),
        )
    except MemoryError:
        findings.add("input.too_deep", None, "The program nests too deeply to be parsed.")
    except ValueError as error:
        findings.add("input.syntax", None, f"Not valid Python: {error}.")
    return None


def analyse(text: str, policy: Policy, findings: Findings) -> tuple[str, ...]:
    """Analyse a program whose bounds have been checked. Gives the modules that it imports.

    Raises:
        RecursionError: the program nests too deeply for the stack that is left.

    """
    collecting = gc.isenabled()
    gc.disable()  # a tree has no garbage until it is dropped; collecting on the way costs a third of the time
    try:
        return _analyse(text, policy, findings)
    finally:
        if collecting:
            gc.enable()


_LITERAL = (ast.Constant, ast.Dict, ast.List, ast.Tuple, ast.Set, ast.expr_context)


def _does_nothing(statement: ast.stmt) -> bool:
    """Recognise `pass`, a docstring and other bare literals, such as a JSON text with a program in it."""
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and all(isinstance(node, _LITERAL) for node in ast.walk(statement.value))
    )


def _analyse(text: str, policy: Policy, findings: Findings) -> tuple[str, ...]:
    tree = parse(text.removeprefix("\ufeff"), findings)
    if tree is None:
        return ()
    if all(map(_does_nothing, tree.body)):
        findings.add("input.no_statement", None, "The program has no statement that does anything.")
    analysis = Analysis(collect(tree), tables_for(policy), findings)
    try:
        analysis.expressions = EXPRESSIONS
        names.judge_bindings(analysis)
        compound_statements.body(analysis, tree.body)
        return tuple(sorted(analysis.imports))
    finally:
        analysis.release()
