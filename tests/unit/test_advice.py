"""Each row of the advice table, on an exception that a program really raises."""

from __future__ import annotations

import pytest
from tests.support import CASES

from windtunnel.contract import ProgramError, SecurityLevel
from windtunnel.validation import SecurityValidator
from windtunnel.validation.remedies import for_job, rejection
from windtunnel_worker.pipeline.advice import ADVICE, REMOVED, RENAMED, advise

PROGRAMS = [
    ("[0.05, 0.03] - 0.02", "np.asarray"),
    ("0.02 * (1.5, 2) if False else (1, 2) - 0.02", "np.asarray"),
    ("1.5 - [1, 2]", "np.asarray"),
    ("None + 1", "missing here"),
    ("import decimal\ndecimal.Decimal(1) * 0.5", "Decimal(str"),
    ("'100' - 1.5", "a text"),
    ("'100' + 1", "a text"),
    ("'100' < 5", "a text"),
    ("None[0]", "missing here"),
    ("for x in None: pass", "missing here"),
    ("(5)[0]", "Index a list"),
    ("(lambda x: x)()", "parameters"),
    ("(lambda x: x)(1, 2)", "parameters"),
    ("{}['close']", "list(frame.columns)"),
    ("[][1]", "past the end"),
    ("undefined_name", "before it is defined"),
    ("display(1)", "print the value"),
    ("for i in xrange(3): pass", "`range`"),
    ("python\nx = 1", "behind a fence"),
    ("a = 1\nx = a &gt; 2", "web page"),
    ("{}.has_key('a')", "key in values"),
    ("{'fast': 5}.fast", "by key"),
    ("import no_such_module", "windtunnel image add"),
    ("from math import no_such_name", "installed version"),
    ("1 / 0", "Guard the division"),
    ("(1).close", "no such attribute"),
    ("import pandas\npandas.DataFrame().append({})", "pd.concat"),
    ("import pandas\npandas.Series([1]).iteritems()", "items()"),
    ("import numpy\nnumpy.NaN", "as the message says"),
    ("await f()", "asyncio.run(main())"),
    ("import json\njson.dumps({'at': object()})", "default=str"),
    ("import json\njson.dumps({(1, 2): 3})", "default=str"),
    ("raise PermissionError(13, 'Permission denied')", "no network"),
    ("raise OSError(30, 'Read-only file system', '/x')", "Only /tmp can be written"),
    ("open('/no/such/file')", "under /data"),
    ("f = lambda: f()\nf()", "Python allows about 1,000 nested calls; use a loop"),
    ("x = (", "Correct the syntax"),
    ("import ast\nast.literal_eval('(0.5')", "text that is read"),
    ("if True:\nx = 1", "Correct the indentation"),
    ("  x = 1", "Correct the indentation"),
]
OWNERS = (
    "'Series' object", "module 'pandas'", "module 'numpy'", "module 'scipy.signal'", "module 'matplotlib.cm'",
    "'dict' object",
)  # fmt: skip
RECORDED = [
    *(
        ("AttributeError", f"{owner} has no attribute '{old}'", new)
        for owner, names in zip(OWNERS, REMOVED.values(), strict=True)
        for old, new in names.items()
    ),
    *(("ImportError", f"cannot import name '{old}' from 'scipy'", new) for old, new in RENAMED.items()),
    ("ModuleNotFoundError", "No module named 'openpyxl'", "to_csv"),
    ("TypeError", "Cannot join tz-naive with tz-aware DatetimeIndex", "one zone"),
    ("TypeError", "Invalid comparison between dtype=datetime64[ns, America/Chicago] and Timestamp", "one zone"),
    ("TypeError", "got an unexpected keyword argument 'squared'", "root_mean_squared_error"),
    ("OSError", "'seaborn' is not a valid package style, path of style file", "seaborn-v0_8"),
    ("timed_out", "Still running at its time limit", "loop that cannot end"),
    ("cpu_exceeded", "Still running at its limit of processor time", "higher cpu_time_s"),
    ("timed_out", "Still running at its time limit: a thread of it has not ended", "daemon=True"),
    # Raised by libraries that only the sandbox has, or by the sandbox itself.
    ("numpy._core._exceptions._ArrayMemoryError", "Unable to allocate 117. GiB for an array", "memory_mb"),
    ("KeyError", "'2031-01-02 09:30'", "no bar at that time"),
    ("KeyError", "Timestamp('2031-01-02 00:00:00')", "no bar at that time"),
    ("KeyError", "'Adj_Close'", "list(frame.columns)"),
    ("KeyError", "'window' (params has fast, slow)", "params.get"),
    ("KeyError", "\"'sp501' is not among this job's datasets: sp500\"", "its `datasets`"),
    ("ValueError", "'signal' is not among this job's datasets: px", "one number for each bar"),
    ("AttributeError", "'Datasets' object has no attribute 'sp500'", "data by the dataset's name"),
    ("ValueError", "The truth value of a Series is ambiguous. Use a.empty, a.bool()", ".any()"),
    ("ValueError", "The truth value of a DataFrame is ambiguous.", ".any()"),
    ("ValueError", "The truth value of an array with more than one element is ambiguous.", ".any()"),
    ("OSError", "Cannot save file into a non-existent directory: 'plots'", "beside the program"),
    ("ValueError", "operands could not be broadcast together with shapes (3,) (4,)", "align"),
    ("ValueError", "Length of values (3) does not match length of index (4)", "align"),
    # Said by the other languages' runtimes and compilers.
    ("RangeError", "nope is not among this job's datasets: sp500", "its `datasets`"),
    ("std::out_of_range", "sp500 has no column Nope; it has Open, High, Low, Close", "columns that the message names"),
    ("TypeError", "Cannot read properties of undefined (reading 'y')", "missing here"),
    ("TypeError", "o.f is not a function", "not a function"),
    ("ReferenceError", "foo is not defined", "before it is defined"),
    ("RangeError", "Maximum call stack size exceeded", "no end or goes too deep"),
    ("Error", "Cannot find module 'axios'", "d3-array"),
    ("java.lang.ArrayIndexOutOfBoundsException", "Index 2 out of bounds for length 2", "past the end"),
    ("java.lang.NullPointerException", 'Cannot invoke "String.length()" because "s" is null', "missing here"),
    ("java.lang.ArithmeticException", "/ by zero", "Guard the division"),
    ("java.lang.StackOverflowError", "", "no end or goes too deep"),
    ("std::out_of_range", "vector::_M_range_check: __n (which is 3) >= this->size() (which is 0)", "past the end"),
    ("std::bad_optional_access", "bad optional access", "missing here"),
    ("SIGABRT", "a crash inside the interpreter or a native library", "types, shapes and indices"),
    ("SIGSEGV", "Segmentation fault", "memory that is not its own"),
    ("runtime error", "index out of range [3] with length 1", "past the end"),
    ("runtime error", "invalid memory address or nil pointer dereference", "missing here"),
    ("runtime error", "integer divide by zero", "Guard the division"),
    ("panic", "assignment to entry in nil map", "Make the map"),
    ("fatal error", "all goroutines are asleep - deadlock!", "Nobody sends"),
    ("CompileError", "cannot find symbol; symbol:   variable Windtunnel; location: class A", "as the compiler says"),
    ("CompileError", "Compiling took longer than 60 s.", "smaller"),
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


def test_a_file_that_is_not_there_is_answered_with_the_jobs_datasets() -> None:
    advice = advise(raised_by("open('data.csv')"), ("sp500", "nasdaq"))
    assert 'take prices from data["sp500"] or data["nasdaq"]' in advice


def test_a_program_that_reads_a_csv_by_habit_is_told_of_the_jobs_dataset() -> None:
    """The sandbox answers the name where it can (`test_filenames.py`); what it cannot answer is rejected here."""
    program = (CASES / "03-read-csv-habit" / "program.py").read_text()
    (issue,) = for_job(SecurityValidator().validate_code(program), ("prices",)).issues
    assert (issue.line, issue.severity, 'data["prices"]' in issue.fix) == (3, SecurityLevel.LOW, True)
    message = rejection(SecurityValidator().validate_code(program.replace("data.csv", "data.xlsx")), ("prices",))
    assert message.startswith("Line 3: pandas.read_csv reads 'data.xlsx', and there is no such file here.")
    assert 'data["prices"]' in message


def test_an_unknown_exception_gets_none() -> None:
    assert advise(ProgramError(type="Oops", message="?")) == ""
