"""How a data file is to be read where it does not say so itself. May import the contract's base."""

from __future__ import annotations

import codecs
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import field_validator, model_validator

from windtunnel.contract.base import Contract

TimeUnit = Literal["s", "ms", "us", "ns", "excel"]

NO_TIMES = "none"
"""As `time_column`: the table has no times, whatever its first column looks like."""


def is_zone(name: str) -> bool:
    """Whether there is a time zone of this name."""
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # an unknown name, a directory of zones, a path
        return False
    return True


class ReadOptions(Contract):
    """What the user says of the file. Everything left out is found in the file, or asked for."""

    sep: str | None = None
    """What parts the columns, one character; `\\t` and `tab` stand for a tab."""
    decimal: str | None = None
    """The decimal mark, `.` or `,`."""
    thousands: str | None = None
    """What groups the digits of large numbers, one character; `none` for nothing."""
    dayfirst: bool | None = None
    """Whether 01/02/2021 is 1 February."""
    time_unit: TimeUnit | None = None
    """What the numbers in the time column count: a unit since 1970, or days as Excel counts them."""
    tz: str | None = None
    """The zone of times that state none, or the zone in which to state times that have offsets."""
    time_column: str | None = None
    """The column with the times, `Date,Time` where two hold them, `none` where the table has no times."""
    encoding: str | None = None
    """The text's encoding, for example `cp1252`."""
    names: tuple[str, ...] = ()
    """The columns' names, where the file has no header line."""
    skip_lines: int | None = None
    """Lines before the header."""
    missing: tuple[str, ...] = ()
    """Texts that stand for a missing value."""
    sort: bool = False
    """Put the rows in the order of their times."""
    drop_duplicates: bool = False
    """Of rows with the same time keep the first."""

    @field_validator("sep")
    @classmethod
    def _one_separator(cls, sep: str | None) -> str | None:
        sep = {"\\t": "\t", "tab": "\t"}.get(sep or "", sep)
        if sep is not None and (len(sep) != 1 or not sep.isascii() or sep.isalnum() or sep in '"\n\r\0'):
            raise ValueError("give one character such as `;` or `tab`")
        return sep

    @field_validator("decimal")
    @classmethod
    def _known_decimal(cls, decimal: str | None) -> str | None:
        if decimal not in (None, ".", ","):
            raise ValueError("give `.` or `,`")
        return decimal

    @field_validator("thousands")
    @classmethod
    def _one_thousands_mark(cls, thousands: str | None) -> str | None:
        if thousands == "none":
            return ""
        if thousands is not None and (len(thousands) != 1 or thousands.isalnum() or thousands in '-+"\n\r'):
            raise ValueError("give one character such as `,`, or `none`")
        return thousands

    @field_validator("tz")
    @classmethod
    def _known_zone(cls, tz: str | None) -> str | None:
        if tz is not None and not is_zone(tz):
            raise ValueError("give a zone such as `UTC` or `America/New_York`")
        return tz

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, encoding: str | None) -> str | None:
        if encoding is not None:
            try:
                "".encode(encoding)
                return codecs.lookup(encoding).name
            except (LookupError, ValueError) as error:
                raise ValueError("give a text encoding such as `utf-8` or `cp1252`") from error
        return encoding

    @field_validator("skip_lines")
    @classmethod
    def _some_lines(cls, skip_lines: int | None) -> int | None:
        if skip_lines is not None and not 0 <= skip_lines <= 1000:
            raise ValueError("give a number from 0 to 1000")
        return skip_lines

    @model_validator(mode="after")
    def _marks_differ(self) -> ReadOptions:
        if self.decimal is not None and self.decimal == self.thousands:
            raise ValueError("`decimal` and `thousands` must differ")
        return self

    def given(self) -> dict[str, str]:
        """What was said, by option, as text."""
        said: dict[str, str] = {}
        for name, value in self:
            if value is None or value is False or value == ():
                continue
            if isinstance(value, bool):
                said[name] = "yes"
            else:
                said[name] = ",".join(value) if isinstance(value, tuple) else str(value)
        if self.dayfirst is False:
            said["dayfirst"] = "no"
        return said
