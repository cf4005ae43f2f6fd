"""Each row of the advice table, on an exception that a program really raises."""

from __future__ import annotations

import pytest

from windtunnel.contract import ProgramError
from windtunnel_worker.aggregation.advice import ADVICE, advise

PROGRAMS = [
    ("[0.05, 0.03] - 0.02", "np.asarray"),
    ("0.02 * (1.5, 2) if False else (1, 2) - 0.02", "np.asarray"),
    ("1.5 - [1, 2]", "np.asarray"),
    ("None + 1", "None here"),
    ("None[0]", "None here"),
    ("for x in None: pass", "None here"),
    ("(5)[0]", "Index a list"),
    ("(lambda x: x)()", "parameters"),
    ("(lambda x: x)(1, 2)", "parameters"),
    ("{}['close']", "list(frame.columns)"),
    ("[][1]", "past the end"),
    ("undefined_name", "before it is defined"),
    ("import no_such_module", "sandbox has numpy"),
    ("from math import no_such_name", "installed version"),
    ("1 / 0", "Guard the division"),
    ("(1).close", "no such attribute"),
    ("raise PermissionError(13, 'Permission denied')", "no network"),
    ("raise OSError(30, 'Read-only file system', '/x')", "Only /tmp can be written"),
    ("open('/no/such/file')", "under /data"),
    ("f = lambda: f()\nf()", "no end or goes too deep"),
    ("x = (", "Correct the syntax"),
    ("if True:\nx = 1", "Correct the indentation"),
    ("  x = 1", "Correct the indentation"),
]
RECORDED = [
    # Raised by libraries that only the sandbox has, or by the sandbox itself.
    ("KeyError", "\"'sp501' is not among this job's datasets: sp500\"", "its `datasets`"),
    ("ValueError", "The truth value of a Series is ambiguous. Use a.empty, a.bool()", ".any()"),
    ("ValueError", "The truth value of a DataFrame is ambiguous.", ".any()"),
    ("ValueError", "The truth value of an array with more than one element is ambiguous.", ".any()"),
    ("ValueError", "operands could not be broadcast together with shapes (3,) (4,)", "align"),
    ("ValueError", "Length of values (3) does not match length of index (4)", "align"),
]


def raised_by(code: str) -> ProgramError:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - which one is what the table is about
        exec(compile(code, "strategy.py", "exec"), {})
    return ProgramError(type=type(caught.value).__name__, message=str(caught.value))


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
@pytest.mark.parametrize(("code", "advice"), PROGRAMS)
def test_a_programs_exception_gets_its_advice(code: str, advice: str) -> None:
    assert advice in advise(raised_by(code))


@pytest.mark.parametrize(("kind", "message", "advice"), RECORDED)
def test_a_librarys_exception_gets_its_advice(kind: str, message: str, advice: str) -> None:
    assert advice in advise(ProgramError(type=kind, message=message))


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_every_row_fires() -> None:
    fired = {advise(raised_by(code)) for code, _ in PROGRAMS}
    fired |= {advise(ProgramError(type=kind, message=message)) for kind, message, _ in RECORDED}
    assert {text for _, _, text in ADVICE} <= fired


def test_an_unknown_exception_gets_none() -> None:
    assert advise(ProgramError(type="Oops", message="?")) == ""
