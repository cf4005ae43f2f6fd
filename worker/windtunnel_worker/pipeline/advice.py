"""What the author of a program can do about an exception, as a table: type and message, as patterns, and advice."""

from __future__ import annotations

import re
from collections.abc import Sequence

from windtunnel.contract import ProgramError
from windtunnel.validation.remedies import GENERIC, with_datasets
from windtunnel_worker.sandbox.outcomes import TOO_BIG, TOO_MUCH, TOO_SLOW

NONE = "A value is missing here: a function returned nothing, or a lookup found nothing."
UNDEFINED = "The name is used before it is defined: import or assign it above this line."
PAST_THE_END = "The index is past the end: check the length first; rolling windows shorten a series."
NESTED = "The recursion has no end or goes too deep: Python allows about 1,000 nested calls; use a loop."
ENDLESS = "The recursion has no end or goes too deep: use a loop."
DIVISION = "Guard the division: the divisor (a variance, a count, a price) can be zero."

ROLLING = "write `prices.rolling(20).mean()`, or another method of `rolling`"
REMOVED = {
    r"'(DataFrame|Series|.*Index|.*GroupBy|Expr|LazyFrame)' object": {
        "append": "join frames with `pd.concat([first, second])`",
        "iteritems": "write `items()`",
        "ix": "write `loc` for labels or `iloc` for positions",
        "as_matrix": "write `to_numpy()`",
        "get_value": "write `at[row, column]`",
        "set_value": "write `at[row, column] = value`",
        "mad": "write `(x - x.mean()).abs().mean()`",
        "weekofyear": "write `isocalendar().week`",
        "is_monotonic": "write `is_monotonic_increasing`",
        "tshift": "write `shift(…, freq=…)`",
        "applymap": "write `map(…)`",
        "sort": "write `sort_values`",
        "order": "write `sort_values`",
        "irow": "write `iloc`",
        "icol": "write `iloc[:, …]`",
        "get_values": "write `to_numpy()`",
        "groupby": "write `group_by`",
        "groupby_dynamic": "write `group_by_dynamic`",
        "with_column": "write `with_columns`",
        "cumsum": "write `cum_sum`",
        "cumprod": "write `cum_prod`",
        "cummax": "write `cum_max`",
        "take": "write `gather`",
        "apply": "write `map_elements`, or better an expression on whole columns",
    },
    r"module 'pandas'": {
        **dict.fromkeys(("rolling_mean", "rolling_std", "rolling_max", "rolling_min", "rolling_apply"), ROLLING),
        "ewma": "write `prices.ewm(span=20).mean()`",
        "Panel": "keep a dictionary of frames, or a frame with a MultiIndex",
        "TimeGrouper": "write `pd.Grouper(freq=…)`",
        **dict.fromkeys(("Int64Index", "UInt64Index", "Float64Index"), "write `pd.Index`"),
        "datetime": "write `import datetime`",
        "np": "write `import numpy as np`",
    },
    r"module 'numpy'": {
        "product": "write `np.prod`",
        "cumproduct": "write `np.cumprod`",
        "sometrue": "write `np.any`",
        "alltrue": "write `np.all`",
        "asscalar": "write `value.item()`",
        "in1d": "write `np.isin`",
        "row_stack": "write `np.vstack`",
        "trapz": "write `np.trapezoid`",
        "round_": "write `np.round`",
        "msort": "write `np.sort(x, axis=0)`",
    },
    r"module 'scipy.signal'": dict.fromkeys(
        ("hann", "hamming", "gaussian", "blackman"), "it is in `scipy.signal.windows`"
    ),
    r"module 'matplotlib.cm'": {"get_cmap": "write `matplotlib.colormaps[name]`"},
    r"'dict' object": {
        "has_key": "write `key in values`",
        **dict.fromkeys(("iteritems", "itervalues", "iterkeys"), "write `items()`, `values()` or `keys()`"),
    },
}
"""What programs for earlier versions call: on what → the name → what to write now."""
RENAMED = {
    "simps": "simpson",
    "cumtrapz": "cumulative_trapezoid",
    "trapz": "trapezoid",
    "median_absolute_deviation": "median_abs_deviation",
    **{name: f"scipy.signal.windows.{name}" for name in ("hann", "hamming", "gaussian", "blackman")},
}
"""What they import → what it is called now."""

ADVICE: tuple[tuple[str, str, str], ...] = (
    (
        r"ValueError",
        r"not among this job's datasets",
        "A dict of positions is by dataset. For one dataset return a Series with one number for each bar, such as "
        "`(close > average).astype(float)`.",
    ),
    (
        r".*",
        r"not among this job's datasets",
        f"Read a dataset that the job names ({GENERIC}) and a column out of it, or add this one to its `datasets`.",
    ),
    (r"AttributeError", r"'Datasets' object has no attribute", f"Datasets are read by their name: {GENERIC}."),
    (r".*", r"has no column", "Use one of the columns that the message names."),
    (
        r"TypeError",
        r"unsupported operand type\(s\) for \S+ '(list|tuple)' and|and '(list|tuple)'$",
        "A list has no arithmetic: make it an array first, e.g. `np.asarray(values)`.",
    ),
    (r"TypeError", r"'NoneType'|of (undefined|null) \(", NONE),
    (
        r"TypeError",
        r"unsupported operand.*'decimal\.Decimal'",
        "Make both of one kind: `float(amount)`, or `Decimal(str(price))`.",
    ),
    (
        r"TypeError",
        r"unsupported operand.*'str'|can only concatenate str|'(str|float|int)' and '(str|float|int)'$",
        "One of the two is a text: make it a number with `float(…)`, or a column with `pandas.to_numeric(…)`.",
    ),
    (r"java\.lang\.NullPointerException|std::bad_optional_access", r"", NONE),
    (r"runtime error", r"nil pointer", NONE),
    (r"TypeError", r"not subscriptable", "Index a list, dict, array or frame; print the type of this value."),
    (
        r"TypeError",
        r"is not a function",
        "This value is not a function: check the name, and what the object really is.",
    ),
    (
        r"TypeError",
        r"(tz|offset)-naive|Invalid comparison between dtype=datetime64\[ns, ",
        "Bring both to one zone: `index.tz_localize(None)` leaves it out, `pd.Timestamp(day, tz=index.tz)` states it.",
    ),
    (
        r"TypeError",
        r"is not JSON serializable|keys must be str, int",
        "`emit(name=value)` takes it as it is; JSON needs texts and numbers: `json.dumps(values, default=str)`.",
    ),
    (r"TypeError", r"argument 'squared'", "Use `sklearn.metrics.root_mean_squared_error`."),
    (r"TypeError", r"argument", "Compare the call with the function's parameters."),
    (
        r"KeyError",
        r"\((params has|the job has no params)",
        "Give it a default, `params.get(name, 20)`, or add it to the job.",
    ),
    (
        r"KeyError",
        r"^\W*\d{4}-\d\d-\d\d|^Timestamp\(|^datetime\.",
        "The data has no bar at that time: compare index[0] and index[-1], and take the last bar up to a day with "
        "`frame.loc[:day].iloc[-1]`.",
    ),
    (r"KeyError", r"", "That column or key is not there: print list(frame.columns) or the dict's keys."),
    (r"IndexError|java\.lang\.(Array)?IndexOutOfBoundsException|std::out_of_range", r"", PAST_THE_END),
    (r"runtime error", r"out of range", PAST_THE_END),
    (
        r"SIG\w+",
        r"inside the interpreter",
        "Compiled code crashed at this line: check the types, shapes and indices that it is given.",
    ),
    (
        r"SIGSEGV",
        r"",
        "It used memory that is not its own: check each index against size(), or use at().",
    ),
    (r"NameError", r"'(display|get_ipython)'", "Only notebooks have it: print the value instead."),
    (r"NameError", r"'([Pp]ython3?|py)'", "It is the word behind a fence (```): leave the line out."),
    (r"NameError", r"'(lt|gt|amp|quot)'", "Write <, > and & themselves, not as a web page's source has them."),
    (r"NameError", r"'xrange'", "Python 3 calls it `range`."),
    (r"NameError|ReferenceError", r"", UNDEFINED),
    (r"ModuleNotFoundError", r"'(openpyxl|xlsxwriter)'", "Write CSV instead: `frame.to_csv('report.csv')`."),
    (
        r"ModuleNotFoundError",
        r"",
        "This library is not in the sandbox image: do without it, or have it added (`windtunnel image add`).",
    ),
    (r"Error", r"Cannot find module", "The sandbox has d3-array, d3-random and lodash only."),
    *((r"ImportError", rf"cannot import name '{old}'", f"It is called `{new}` now.") for old, new in RENAMED.items()),
    (r"ImportError", r"", "This name is not in that module's installed version."),
    (r"ZeroDivisionError|java\.lang\.ArithmeticException", r"", DIVISION),
    (r"runtime error", r"divide by zero", DIVISION),
    *(
        (r"AttributeError", rf"{owner} has no attribute '{old}'", f"This version no longer has it: {new}.")
        for owner, names in REMOVED.items()
        for old, new in names.items()
    ),
    (r"AttributeError", r"'dict' object has no", "Read a dictionary by key, such as `params['fast']`."),
    (r"AttributeError", r"was removed in the NumPy|was a deprecated alias", "Write it as the message says."),
    (r"AttributeError", r"", "This type has no such attribute; check its type and the library's version."),
    (
        r"ValueError",
        r"truth value of (a|an) (Series|DataFrame|array)",
        "Use .any(), .all() or & and | on whole columns.",
    ),
    (r"ValueError", r"shapes|broadcast|Length", "Two arrays differ in length: align them by index first."),
    (r"PermissionError", r"", "The sandbox has no network and only /tmp to write; use `data` and emit()."),
    (r"OSError", r"Read-only file system", "Only /tmp can be written; give results to emit()."),
    (
        r"FileNotFoundError",
        r"",
        "There is no such file or folder here, only what the program has written and the job's datasets under /data: "
        f"take prices from {GENERIC}, and make a folder before writing into it.",
    ),
    (
        r"OSError",
        r"non-existent directory",
        "Make the folder first, `os.makedirs('plots', exist_ok=True)`; what is written beside the program comes back.",
    ),
    (r"OSError", r"'seaborn.*valid package style", "Its styles begin with `seaborn-v0_8` now."),
    (r".*MemoryError|java\.lang\.OutOfMemoryError|std::bad_alloc", r"", TOO_BIG),
    (r"RecursionError", r"", NESTED),
    (r"java\.lang\.StackOverflowError", r"", ENDLESS),
    (r"RangeError", r"call stack", ENDLESS),
    (r"panic", r"nil map", "Make the map before it is written to: `make(map[string]float64)`."),
    (r"fatal error", r"deadlock", "Nobody sends what is waited for: close the channel, or do without goroutines."),
    (
        r"SyntaxError",
        r"'await' outside|asynchronous comprehension outside|'async (for|with)' outside",
        "Only notebooks await at the top level: put it into `async def main()` and call `asyncio.run(main())`.",
    ),
    (r"SyntaxError", r"\(<unknown>, line", "The text that is read at this line is not Python: print it first."),
    (r"SyntaxError", r"", "Correct the syntax at this line."),
    (r"IndentationError", r"", "Correct the indentation at this line."),
    (r"timed_out", r"thread", "Have the thread end, or start it with daemon=True."),
    (r"timed_out", r"", TOO_SLOW),
    (r"cpu_exceeded", r"", TOO_MUCH),
    (r"CompileError", r"longer than", "Make the program smaller: fewer templates, no huge constants."),
    (
        r"CompileError",
        r"",
        "Correct this line as the compiler says (g++ 12 with C++20, Java 17, Go 1.19, TypeScript 4.8); "
        "stderr has all it said.",
    ),
)


def advise(error: ProgramError, datasets: Sequence[str] = ()) -> str:
    """The first advice that fits, with the job's own datasets in it, or none."""
    for kind, pattern, advice in ADVICE:
        if re.fullmatch(kind, error.type) and re.search(pattern, error.message):
            return with_datasets(advice, datasets)
    return ""
