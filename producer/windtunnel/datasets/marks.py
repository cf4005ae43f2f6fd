"""Finds the decimal mark and the thousands separator with which a file writes its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pyarrow import compute as pc

from windtunnel.datasets.columns import DECORATED, Column, all_match, first_match
from windtunnel.datasets.options import ReadOptions
from windtunnel.datasets.refusal import refuse, shown

GROUPS = "'’_ \u00a0\u202f"
PROOFS = {
    ",": r"^\d{1,3}(\.\d{3})+,\d*$|^\d+,(\d{1,2}|\d{4,})$|^0?,\d+$|^0+,\d+$|^\d{4,},\d+$|^\d{1,3}(\.\d{3}){2,}$",
    ".": r"^\d{1,3}(,\d{3})+\.\d*$|^\d+\.(\d{1,2}|\d{4,})$|^0?\.\d+$|^0+\.\d+$|^\d{4,}\.\d+$|^\d{1,3}(,\d{3}){2,}$"
    r"|^\d{1,2}(,\d{2})+,\d{3}(\.\d*)?$",
}
"""Numbers that can only be read with this decimal mark."""
THIRTY_SECONDS = r"^\d{2,3}['’]([0-2]\d|3[01])[0257]$"
"""Bonds are quoted so: 112'165 is 112 and 16.5 of 32."""
SAMPLE = 20_000


@dataclass
class Marks:
    """How the file writes its numbers."""

    decimal: str = "."
    thousands: str = ""


def find_marks(columns: list[Column], options: ReadOptions, sep: str) -> Marks:
    """The decimal mark and thousands separator of a file: given, or proved by its numbers; otherwise `DataRefused`."""
    bodies = [(column.name, _bodies(column)) for column in columns if column.kind in ("decorated", "number")]
    group = (
        options.thousands
        if options.thousands is not None
        else next(
            (mark for mark in GROUPS for _, texts in bodies if bool(pc.any(pc.match_substring(texts, mark)).as_py())),
            "",
        )
    )
    if group in ("'", "’") and options.thousands is None:
        _refuse_thirty_seconds(bodies, group)
    if group and group not in ".,":
        bodies = [(name, pc.replace_substring(texts, group, "")) for name, texts in bodies]
    proofs = {
        mark: [(name, text) for name, texts in bodies if (text := first_match(texts, PROOFS[mark]))] for mark in ".,"
    }
    decimal = options.decimal or {".": ",", ",": "."}.get(group, "") or _proved(proofs)
    if not decimal:
        for name, texts in bodies:
            if text := first_match(texts, r"^\d{1,3},\d{3}$"):
                _ask(name, text, ",")
            if sep == ";" and len(texts) and all_match(texts, r"^[1-9]\d{0,2}\.\d{3}$"):
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
    """Digits and marks of the first numbers. A different notation further down is refused when it is read."""
    rest = column.texts.filter(pa.array(~column.missing & ~column.marked)).slice(0, SAMPLE)
    body = pc.struct_field(pc.extract_regex(rest, DECORATED), "body").drop_null()
    return pc.utf8_trim_whitespace(body)


def _refuse_thirty_seconds(bodies: list[tuple[str, Any]], mark: str) -> None:
    for name, texts in bodies:
        grouped = texts.filter(pc.match_substring(texts, mark))
        if len(grouped) and all_match(grouped, THIRTY_SECONDS):
            text = str(grouped[0])
            refuse(
                "thousands_or_32nds",
                f"{name} holds numbers such as {shown(text)}: {text.replace(mark, '')}, or a bond's price in 32nds",
                f"For the former give `--thousands {mark}`; write prices in 32nds as decimals.",
                column=name,
            )


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
