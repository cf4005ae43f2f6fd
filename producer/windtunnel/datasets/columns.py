"""A column of strings: whether it holds numbers, truths or texts, and where values are missing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import compute as pc

from windtunnel.contract.dataset import DataFinding
from windtunnel.datasets.options import ReadOptions
from windtunnel.datasets.refusal import counted, finding, named, places, refuse
from windtunnel.datasets.words import MISSING, MISSING_MARKS

PLAIN = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$|^[+-]?(?i:inf|infinity)$"
CURRENCY = r"[$€£¥₹₽₩]|USD|EUR|GBP|JPY|CHF"
DECORATED = (
    rf"^(?P<open>\()?(?P<sign1>[+\-−])?\s*(?:{CURRENCY})?\s*(?P<sign2>[+\-−])?"
    r"(?P<body>\d[\d.,'’_\s\x{00a0}\x{202f}]*|[.,]\d+)(?P<exponent>[eE][+-]?\d+)?"
    rf"\s*(?P<suffix>[kKmMbBtT%])?\s*(?:{CURRENCY})?(?P<close>\))?$"
)
BOOLEANS = {"True": True, "TRUE": True, "true": True, "False": False, "FALSE": False, "false": False}


@dataclass
class Column:
    """One column of strings, and what it holds."""

    name: str
    texts: Any
    """Trimmed."""
    missing: Any
    """Where pandas would read no value, or the user says that there is none."""
    marked: Any
    """Where a mark such as `-` may mean that there is no value."""
    kind: str = "text"
    """`number` (as every parser reads it), `decorated`, `boolean`, `text` or `empty`."""
    findings: list[DataFinding] = field(default_factory=list)

    def note(self, kind: str, message: str, **more: Any) -> None:
        """Add a finding about this column."""
        self.findings.append(finding(kind, message, column=self.name, **more))


def look(texts: Any, name: str, options: ReadOptions) -> Column:
    """Find out what a column of strings holds. Raises `DataRefused` for numbers with other texts among them."""
    texts = pc.utf8_trim_whitespace(texts)
    given = {text.strip() for text in options.missing}
    missing = np.asarray(pc.is_in(texts, value_set=pa.array(sorted(MISSING | given), type=texts.type)))
    marked = np.asarray(pc.is_in(texts, value_set=pa.array(sorted(MISSING_MARKS), type=texts.type))) & ~missing
    column = Column(name, texts, missing, marked)
    rest = texts.filter(pa.array(~missing & ~marked))
    if len(rest) == 0:
        column.kind = "empty"
        return column
    if all_match(rest, PLAIN) and (options.decimal is None and options.thousands is None):
        column.kind = "number"
    elif bool(pc.all(pc.is_in(rest, value_set=pa.array(list(BOOLEANS), type=rest.type))).as_py()):
        column.kind = "boolean"
    else:
        column.kind = _kind(column, rest)
    return column


def _kind(column: Column, rest: Any) -> str:
    fits = np.asarray(pc.match_substring_regex(rest, DECORATED)) | np.asarray(pc.match_substring_regex(rest, PLAIN))
    if fits.mean() < 0.5:
        return "text"
    if not fits.all():
        where = np.flatnonzero(~column.missing & ~column.marked)[~fits]
        texts = list(dict.fromkeys(column.texts.take(pa.array(where[:50])).to_pylist()))
        refuse(
            "text_among_numbers",
            f"{counted(len(where), 'value')} of {column.name} among {len(fits):,} is not a number: "
            f"{named(texts)} in {places(where)}",
            f"Correct them, or say that they stand for a missing value: `--missing {texts[0][:40]!r}`.",
            column=column.name,
            rows=where,
        )
    return "decorated"


def all_match(texts: Any, regex: str) -> bool:
    """Whether every text matches."""
    return bool(pc.all(pc.match_substring_regex(texts, regex)).as_py())


def first_match(texts: Any, regex: str) -> str:
    """The first text that matches; empty if there is none."""
    fitting = texts.filter(pc.match_substring_regex(texts, regex))
    return str(fitting[0]) if len(fitting) else ""
