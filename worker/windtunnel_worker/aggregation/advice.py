"""What the author of a program can do about an exception, as a table: type, pattern, advice."""

from __future__ import annotations

import re

from windtunnel.contract import ProgramError

ADVICE: tuple[tuple[str, str, str], ...] = (
    (
        "TypeError",
        r"unsupported operand type\(s\) for \S+ '(list|tuple)' and|and '(list|tuple)'$",
        "A list has no arithmetic: make it an array first, e.g. `np.asarray(values)`.",
    ),
    (
        "TypeError",
        r"'NoneType'",
        "A value is None here: a function returned nothing, or a lookup found nothing.",
    ),
    ("TypeError", r"not subscriptable", "Index a list, dict, array or frame; print the type of this value."),
    ("TypeError", r"argument", "Compare the call with the function's parameters."),
    (
        "KeyError",
        r"not among this job's datasets",
        "Use a dataset that the job names, or add this one to its `datasets`.",
    ),
    ("KeyError", r"", "That column or key is not there: print list(frame.columns) or the dict's keys."),
    (
        "IndexError",
        r"",
        "The index is past the end: check the length first; rolling windows shorten a series.",
    ),
    ("NameError", r"", "The name is used before it is defined: import or assign it above this line."),
    (
        "ModuleNotFoundError",
        r"",
        "The sandbox has numpy, pandas, scipy, statsmodels, sklearn, matplotlib only.",
    ),
    ("ImportError", r"", "This name is not in that module's installed version."),
    ("ZeroDivisionError", r"", "Guard the division: the divisor (a variance, a count, a price) can be zero."),
    ("AttributeError", r"", "This type has no such attribute; check its type and the library's version."),
    (
        "ValueError",
        r"truth value of (a|an) (Series|DataFrame|array)",
        "Use .any(), .all() or & and | on whole columns.",
    ),
    ("ValueError", r"shapes|broadcast|Length", "Two arrays differ in length: align them by index first."),
    ("PermissionError", r"", "The sandbox has no network and only /tmp to write; use `data` and emit()."),
    ("OSError", r"Read-only file system", "Only /tmp can be written; give results to emit()."),
    ("FileNotFoundError", r"", "Only the job's datasets are there, under /data; read them from `data`."),
    ("RecursionError", r"", "The recursion has no end or goes too deep: use a loop."),
    ("SyntaxError", r"", "Correct the syntax at this line."),
    ("IndentationError", r"", "Correct the indentation at this line."),
)


def advise(error: ProgramError) -> str:
    """The first advice that fits, or none."""
    for kind, pattern, advice in ADVICE:
        if kind == error.type and re.search(pattern, error.message):
            return advice
    return ""
