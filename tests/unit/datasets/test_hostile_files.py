"""Whatever a file holds, it is read or refused with a typed error; nothing else comes out."""

from __future__ import annotations

import contextlib
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.datasets.awkward import CASES, text

from windtunnel.datasets.inspection import DataRefused, inspect

SHORT = [case.content for case in CASES if 0 < len(case.content) < 2000]
PIECES = [
    b",",
    b";",
    b"\n",
    b'"',
    b"-",
    b"\xff",
    b"\xe2\x80",
    b"%",
    b"+05:00",
    b"inf",
    b"(",
    b"99999999999999999999",
    b"2020-01-01",
]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    content = bytearray(draw(st.sampled_from(SHORT)))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(content)))
        content[place : place + draw(st.integers(0, 5))] = draw(st.sampled_from(PIECES))
    return bytes(content)


@settings(max_examples=150, deadline=None)
@given(damaged())
def test_damage_is_read_or_refused(content: bytes) -> None:
    with TemporaryDirectory() as folder, contextlib.suppress(DataRefused):
        path = Path(folder) / "file.csv"
        path.write_bytes(content)
        found = inspect(path)
        found.write_columns(Path(folder) / "columns.arrow")
        if found.changed:
            found.write_file(Path(folder) / "canonical.csv")


def test_a_damaged_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(text("Date,Close", "2024-01-02,1") + b"\xd0")
    with pytest.raises(DataRefused, match="not UTF-8"):
        inspect(path)


def test_a_message_holds_no_control_characters(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(
        text("Date,Close", *(f"2024-01-{day:02d},{day}" for day in range(1, 10)), "2024-01-10,\x1b[31mred\x07")
    )
    with pytest.raises(DataRefused) as error:
        inspect(path)
    assert str(error.value).isprintable()
