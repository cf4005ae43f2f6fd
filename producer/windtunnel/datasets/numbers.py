"""Reads columns of strings as numbers: groups of digits, currencies, percent signs, 1.25M."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import compute as pc

from windtunnel.datasets.columns import CURRENCY, DECORATED, PLAIN, Column, all_match, first_match
from windtunnel.datasets.marks import Marks
from windtunnel.datasets.refusal import counted, named, places, refuse, shown

WHOLE = r"^-?\d+$"
POWERS = {"k": "3", "m": "6", "b": "9", "t": "12", "%": "-2"}
BARE = r"^-?[\d.,]+$"


def values(column: Column, marks: Marks) -> Any:
    """A column's values as pandas holds them. What was interpreted is added to the column's findings."""
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
    if not bool(absent.any()) and all_match(texts, WHOLE):
        try:
            return np.asarray(texts.cast(pa.int64()))
        except pa.ArrowInvalid:
            text = f"{column.name} has integers of more than 64 bits; they were read to about 16 digits."
            column.note("huge_integers", text)
    return np.asarray(
        pc.fill_null(pc.if_else(pa.array(absent), pa.scalar(None, texts.type), texts).cast(pa.float64()), float("nan"))
    )


def _note_marks(column: Column) -> None:
    where = np.flatnonzero(column.marked)
    texts = list(dict.fromkeys(column.texts.take(pa.array(where[:1000])).to_pylist()))
    text = f"{named(texts)} in {column.name} was read as a missing value ({counted(len(where), 'time')})."
    column.note("missing_marks", text, rows=where)


def _canonical(column: Column, absent: Any, marks: Marks) -> Any:
    """The numbers as every parser reads them, with zeros where there is none."""
    texts = pc.if_else(pa.array(absent), pa.scalar("0", column.texts.type), column.texts)
    if column.kind == "number" and marks.decimal == ".":
        return pc.replace_substring_regex(texts, r"^\+", "")
    if all_match(texts, BARE) and all_match(texts, "^-?(?:" + _strict(marks).replace("^", "").replace("$", "") + ")$"):
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
    whole = rf"(\d{{1,3}}({group}\d{{3}})+|\d{{1,2}}({group}\d{{2}})+{group}\d{{3}})"  # 10,523,456 or 1,05,23,456
    grouped = rf"^{whole}({decimal}\d*)?$|" if group else ""
    return rf"{grouped}^\d+({decimal}\d*)?$|^{decimal}\d+$"


def _note_notation(column: Column, texts: Any, part: dict[str, Any]) -> None:
    """Note signs and abbreviations that were interpreted; `DataRefused` where only some numbers have a percent sign."""
    percent, bare = (np.asarray(pc.equal(part["suffix"], suffix)) for suffix in ("%", ""))
    if percent.any():
        without = np.flatnonzero(bare & ~(column.missing | column.marked))
        if len(without):
            refuse(
                "text_among_numbers",
                f"{column.name} has percent signs, but not in {places(without)}",
                "Write the column in one way.",
                column=column.name,
                rows=without,
            )
        example = _first(texts, percent)
        column.note("percent", f"{column.name} has percent signs; {example} was read as a hundredth of its number.")
    abbreviated = ~(percent | bare)
    if abbreviated.any():
        text = f"{_first(texts, abbreviated)} was read with its magnitude (K, M, B, T)."
        column.note("magnitudes", f"{column.name} abbreviates numbers; {text}")
    currency = first_match(texts, CURRENCY)
    if currency:
        column.note("currency", f"{column.name} has currency signs ({shown(currency)}); they were left out.")
    if bool(pc.any(pc.not_equal(part["open"], "")).as_py()):
        column.note("parentheses", f"{column.name} has numbers in parentheses; they were read as negative.")


def _first(texts: Any, where: Any) -> str:
    """The first of these texts, in quotes."""
    return shown(str(texts[int(np.flatnonzero(where)[0])]))
