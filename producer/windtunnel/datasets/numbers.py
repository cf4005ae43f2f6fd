"""Columns of strings as numbers: decimal marks, groups of digits, currencies, percent signs, 1.25M."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import compute as pc

from windtunnel.contract.dataset import DataFinding
from windtunnel.datasets.options import ReadOptions
from windtunnel.datasets.refusal import counted, finding, named, places, refuse, shown
from windtunnel.datasets.words import MISSING, MISSING_MARKS

PLAIN = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$|^[+-]?(?i:inf|infinity)$"
WHOLE = r"^-?\d+$"
CURRENCY = r"[$€£¥₹₽₩]|USD|EUR|GBP|JPY|CHF"
POWERS = {"k": "3", "m": "6", "b": "9", "t": "12", "%": "-2"}
DECORATED = (
    rf"^(?P<open>\()?(?P<sign1>[+\-−])?\s*(?:{CURRENCY})?\s*(?P<sign2>[+\-−])?"
    r"(?P<body>\d[\d.,'’_\s\x{00a0}\x{202f}]*|[.,]\d+)(?P<exponent>[eE][+-]?\d+)?"
    rf"\s*(?P<suffix>[kKmMbBtT%])?\s*(?:{CURRENCY})?(?P<close>\))?$"
)
GROUPS = "'’_ \u00a0\u202f"
PROOFS = {
    ",": r"^\d{1,3}(\.\d{3})+,\d*$|^\d+,(\d{1,2}|\d{4,})$|^0?,\d+$|^0+,\d+$|^\d{4,},\d+$|^\d{1,3}(\.\d{3}){2,}$",
    ".": r"^\d{1,3}(,\d{3})+\.\d*$|^\d+\.(\d{1,2}|\d{4,})$|^0?\.\d+$|^0+\.\d+$|^\d{4,}\.\d+$|^\d{1,3}(,\d{3}){2,}$",
}
SAMPLE = 20_000
BARE = r"^-?[\d.,]+$"
BOOLEANS = {"True": True, "TRUE": True, "true": True, "False": False, "FALSE": False, "false": False}


@dataclass
class Marks:
    """How the file writes its numbers."""

    decimal: str = "."
    thousands: str = ""


@dataclass
class Column:
    """One column of strings, looked at."""

    name: str
    texts: Any
    """Trimmed."""
    missing: Any
    """Where pandas would read no value, or the user says so."""
    marked: Any
    """Where a mark such as `-` may stand for no value."""
    kind: str = "text"
    """`number` as every parser reads it, `decorated`, `boolean`, `text` or `empty`."""
    findings: list[DataFinding] = field(default_factory=list)


def look(texts: Any, name: str, options: ReadOptions) -> Column:
    """What a column of strings holds. Raises `DataRefused` for numbers with other texts among them."""
    texts = pc.utf8_trim_whitespace(texts)
    given = {text.strip() for text in options.missing}
    missing = np.asarray(pc.is_in(texts, value_set=pa.array(sorted(MISSING | given), type=texts.type)))
    marked = np.asarray(pc.is_in(texts, value_set=pa.array(sorted(MISSING_MARKS), type=texts.type))) & ~missing
    column = Column(name, texts, missing, marked)
    rest = texts.filter(pa.array(~missing & ~marked))
    if len(rest) == 0:
        column.kind = "text" if bool(marked.any()) and not bool(missing.all()) and len(texts) == 0 else "empty"
        return column
    if _all(rest, PLAIN) and (options.decimal is None and options.thousands is None):
        column.kind = "number"
    elif bool(pc.all(pc.is_in(rest, value_set=pa.array(list(BOOLEANS), type=rest.type))).as_py()):
        column.kind = "boolean"
    else:
        column.kind = _kind(column, rest)
    return column


def _all(texts: Any, regex: str) -> bool:
    return bool(pc.all(pc.match_substring_regex(texts, regex)).as_py())


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
            count=len(where),
        )
    return "decorated"


def find_marks(columns: list[Column], options: ReadOptions, sep: str) -> Marks:
    """The file's decimal mark and groups, proved by its numbers or said; raises `DataRefused` where neither."""
    bodies = [(column.name, _bodies(column)) for column in columns if column.kind in ("decorated", "number")]
    group = (
        options.thousands
        if options.thousands is not None
        else next(
            (mark for mark in GROUPS for _, texts in bodies if bool(pc.any(pc.match_substring(texts, mark)).as_py())),
            "",
        )
    )
    if group and group not in ".,":
        bodies = [(name, pc.replace_substring(texts, group, "")) for name, texts in bodies]
    proofs = {mark: [(name, text) for name, texts in bodies if (text := _first(texts, PROOFS[mark]))] for mark in ".,"}
    decimal = options.decimal or {".": ",", ",": "."}.get(group, "") or _proved(proofs)
    if not decimal:
        for name, texts in bodies:
            if text := _first(texts, r"^\d{1,3},\d{3}$"):
                _ask(name, text, ",")
            if sep == ";" and len(texts) and _all(texts, r"^[1-9]\d{0,2}\.\d{3}$"):
                _ask(name, str(texts[0]), ".")
        decimal = "."
    other = "," if decimal == "." else "."
    if (
        not group
        and options.thousands is None
        and any(bool(pc.any(pc.match_substring(texts, other)).as_py()) for _, texts in bodies)
    ):
        group = other
    return Marks(decimal, group)


def _bodies(column: Column) -> Any:
    """The digits and marks of some of its numbers; a notation that comes only later is refused when it is read."""
    rest = column.texts.filter(pa.array(~column.missing & ~column.marked)).slice(0, SAMPLE)
    body = pc.struct_field(pc.extract_regex(rest, DECORATED), "body").drop_null()
    return pc.utf8_trim_whitespace(body)


def _first(texts: Any, regex: str) -> str:
    fitting = texts.filter(pc.match_substring_regex(texts, regex))
    return str(fitting[0]) if len(fitting) else ""


def _proved(proofs: dict[str, list[tuple[str, str]]]) -> str:
    if proofs["."] and proofs[","]:
        (one, dotted), (two, comma) = proofs["."][0], proofs[","][0]
        refuse(
            "two_notations",
            f"Numbers are written in two ways: {shown(dotted)} in {one}, {shown(comma)} in {two}",
            "Say which mark is which, for example `--decimal , --thousands .`.",
            column=two,
        )
    return "." if proofs["."] else "," if proofs[","] else ""


def _ask(name: str, text: str, mark: str) -> None:
    as_group, as_decimal = text.replace(mark, ""), text.replace(",", ".")
    refuse(
        "decimal_or_thousands",
        f"{name} holds numbers such as {shown(text)} and nothing shows whether that is {as_group} or {as_decimal}",
        f"Say which: `--thousands {mark}` or `--decimal {mark}`.",
        column=name,
    )


def values(column: Column, marks: Marks) -> Any:
    """A column's values as pandas holds them, with what was understood added to its findings."""
    if column.kind == "empty":
        if bool(column.marked.any()):
            _note_marks(column)
        return np.full(len(column.texts), np.nan)
    if column.kind == "boolean" and not bool(column.marked.any()):
        truths = np.asarray(
            pc.is_in(column.texts, value_set=pa.array(["True", "TRUE", "true"], type=column.texts.type))
        )
        return np.where(column.missing, np.nan, truths.astype(object)) if bool(column.missing.any()) else truths
    if column.kind in ("text", "boolean"):
        texts = column.texts.to_pandas().astype(object)
        return texts.where(~column.missing, np.nan).to_numpy()
    if bool(column.marked.any()):
        _note_marks(column)
    absent = column.missing | column.marked
    texts = _canonical(column, absent, marks)
    if not bool(absent.any()) and _all(texts, WHOLE):
        try:
            return np.asarray(texts.cast(pa.int64()))
        except pa.ArrowInvalid:  # larger than 64 bits
            pass
    return np.asarray(
        pc.fill_null(pc.if_else(pa.array(absent), pa.scalar(None, texts.type), texts).cast(pa.float64()), float("nan"))
    )


def _note_marks(column: Column) -> None:
    where = np.flatnonzero(column.marked)
    texts = list(dict.fromkeys(column.texts.take(pa.array(where[:1000])).to_pylist()))
    column.findings.append(
        finding(
            "missing_marks",
            f"{named(texts)} in {column.name} was read as a missing value ({counted(len(where), 'time')}).",
            column=column.name,
            rows=where,
            count=len(where),
        )
    )


def _canonical(column: Column, absent: Any, marks: Marks) -> Any:
    """The numbers as every parser reads them; zeros where there is none."""
    texts = pc.if_else(pa.array(absent), pa.scalar("0", column.texts.type), column.texts)
    if column.kind == "number":
        return pc.replace_substring_regex(texts, r"^\+", "")
    if _all(texts, BARE) and _all(texts, "^-?(?:" + _strict(marks).replace("^", "").replace("$", "") + ")$"):
        return _with_point(texts, marks)
    found = pc.extract_regex(texts, DECORATED)
    part = {name.name: pc.fill_null(pc.struct_field(found, name.name), "") for name in found.type}
    body = pc.utf8_trim_whitespace(part["body"])
    sound = np.asarray(pc.match_substring_regex(body, _strict(marks))) & np.asarray(found.is_valid())
    plain = np.asarray(pc.match_substring_regex(texts, PLAIN)) & (marks.decimal == ".") & (marks.thousands != ".")
    wrong = np.flatnonzero(~(sound | plain))
    if len(wrong):
        refuse(
            "text_among_numbers",
            f"{counted(len(wrong), 'value')} of {column.name} cannot be read with decimal {shown(marks.decimal)} and "
            f"thousands {shown(marks.thousands or 'none')}: {shown(str(texts[int(wrong[0])]))} in {places(wrong)}",
            "Correct them, or give the right marks with `--decimal` and `--thousands`.",
            column=column.name,
            rows=wrong,
            count=len(wrong),
        )
    _note_notation(column, texts, part)
    body = _with_point(body, marks)
    negative = np.asarray(pc.not_equal(part["open"], "")) | _is_minus(part["sign1"]) | _is_minus(part["sign2"])
    sign = pc.if_else(pa.array(negative), pa.scalar("-", body.type), pa.scalar("", body.type))
    exponent = part["exponent"]
    for suffix, power in POWERS.items():
        exponent = pc.if_else(
            pc.equal(pc.utf8_lower(part["suffix"]), suffix), pa.scalar(f"e{power}", exponent.type), exponent
        )
    return pc.if_else(
        pa.array(plain),
        pc.replace_substring_regex(texts, r"^\+", ""),
        pc.binary_join_element_wise(sign, body, exponent, pa.scalar("", body.type)),
    )


def _with_point(texts: Any, marks: Marks) -> Any:
    if marks.thousands:
        texts = pc.replace_substring(texts, marks.thousands, "")
    return texts if marks.decimal == "." else pc.replace_substring(texts, marks.decimal, ".")


def _is_minus(sign: Any) -> Any:
    return np.asarray(pc.is_in(sign, value_set=pa.array(["-", "−"], type=sign.type)))


def _strict(marks: Marks) -> str:
    decimal, group = re.escape(marks.decimal), re.escape(marks.thousands)
    grouped = rf"^\d{{1,3}}({group}\d{{3}})+({decimal}\d*)?$|" if group else ""
    return rf"{grouped}^\d+({decimal}\d*)?$|^{decimal}\d+$"


def _note_notation(column: Column, texts: Any, part: dict[str, Any]) -> None:
    suffixes = {str(text) for text in pc.unique(part["suffix"]).to_pylist()} - {""}
    if "%" in suffixes:
        bare = np.flatnonzero(np.asarray(pc.equal(part["suffix"], "")) & ~(column.missing | column.marked))
        if len(bare):
            refuse(
                "text_among_numbers",
                f"{column.name} has percent signs, but not in {places(bare)}",
                "Write the column in one way.",
                column=column.name,
                rows=bare,
                count=len(bare),
            )
        text = str(texts[int(np.flatnonzero(np.asarray(pc.equal(part["suffix"], "%")))[0])])
        column.findings.append(
            finding(
                "percent",
                f"{column.name} has percent signs; {shown(text)} was read as a hundredth of its number.",
                column=column.name,
            )
        )
    if suffixes - {"%"}:
        text = str(
            texts[
                int(
                    np.flatnonzero(
                        ~np.asarray(pc.is_in(part["suffix"], value_set=pa.array(["", "%"], type=part["suffix"].type)))
                    )[0]
                )
            ]
        )
        column.findings.append(
            finding(
                "magnitudes",
                f"{column.name} abbreviates numbers; {shown(text)} was read with its magnitude (K, M, B, T).",
                column=column.name,
            )
        )
    if _first(texts, rf"{CURRENCY}"):
        column.findings.append(
            finding(
                "currency",
                f"{column.name} has currency signs ({shown(_first(texts, CURRENCY))}); they were left out.",
                column=column.name,
            )
        )
    if bool(pc.any(pc.not_equal(part["open"], "")).as_py()):
        column.findings.append(
            finding(
                "parentheses",
                f"{column.name} has numbers in parentheses; they were read as negative.",
                column=column.name,
            )
        )
