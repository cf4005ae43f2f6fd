"""What the author of a program can do about an exception, as a table: type and message, as patterns, and advice."""

from __future__ import annotations

import re
from collections.abc import Sequence

from windtunnel.contract import ProgramError
from windtunnel.validation.remedies import GENERIC, with_datasets
from windtunnel_worker.sandbox.outcomes import TOO_MUCH, TOO_SLOW

NONE = "A value is missing here: a function returned nothing, or a lookup found nothing."
UNDEFINED = "The name is used before it is defined: import or assign it above this line."
PAST_THE_END = "The index is past the end: check the length first; rolling windows shorten a series."
NESTED = "The recursion has no end or goes too deep: Python allows about 1,000 nested calls; use a loop."
ENDLESS = "The recursion has no end or goes too deep: use a loop."
DIVISION = "Guard the division: the divisor (a variance, a count, a price) can be zero."

REMOVED_FROM_PANDAS = {
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
}
"""What programs written for earlier versions call → what to write now."""

ADVICE: tuple[tuple[str, str, str], ...] = (
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
    (r"java\.lang\.NullPointerException|std::bad_optional_access", r"", NONE),
    (r"runtime error", r"nil pointer", NONE),
    (r"TypeError", r"not subscriptable", "Index a list, dict, array or frame; print the type of this value."),
    (
        r"TypeError",
        r"is not a function",
        "This value is not a function: check the name, and what the object really is.",
    ),
    (r"TypeError", r"argument", "Compare the call with the function's parameters."),
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
    (r"NameError|ReferenceError", r"", UNDEFINED),
    (
        r"ModuleNotFoundError",
        r"",
        "This library is not in the sandbox image: do without it, or have it added (`windtunnel image add`).",
    ),
    (r"Error", r"Cannot find module", "The sandbox has d3-array, d3-random and lodash only."),
    (r"ImportError", r"", "This name is not in that module's installed version."),
    (r"ZeroDivisionError|java\.lang\.ArithmeticException", r"", DIVISION),
    (r"runtime error", r"divide by zero", DIVISION),
    *(
        (
            r"AttributeError",
            rf"'(DataFrame|Series|.*Index|.*GroupBy)' object has no attribute '{old}'$",
            f"This pandas no longer has it: {new}.",
        )
        for old, new in REMOVED_FROM_PANDAS.items()
    ),
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
    (r"SyntaxError", r"", "Correct the syntax at this line."),
    (r"IndentationError", r"", "Correct the indentation at this line."),
    (r"timed_out", r"thread", "Have the thread end, or start it with daemon=True."),
    (r"timed_out", r"", TOO_SLOW),
    (r"cpu_exceeded", r"", TOO_MUCH),
    (r"CompileError", r"longer than", "Make the program smaller: fewer templates, no huge constants."),
    (r"CompileError", r"", "Correct this line as the compiler says; stderr has all it said."),
)


def advise(error: ProgramError, datasets: Sequence[str] = ()) -> str:
    """The first advice that fits, with the job's own datasets in it, or none."""
    for kind, pattern, advice in ADVICE:
        if re.fullmatch(kind, error.type) and re.search(pattern, error.message):
            return with_datasets(advice, datasets)
    return ""
