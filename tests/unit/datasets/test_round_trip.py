"""A frame that was written comes back as it was; and what a plain `read_csv` reads is what is stored."""

from __future__ import annotations

import io
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from windtunnel.datasets.inspection import ReadOptions, inspect

NAMES = st.lists(
    st.text("abcXYZ_ äß", min_size=1, max_size=8).map(str.strip).filter(bool), min_size=1, max_size=5, unique=True
)
VALUES = st.one_of(st.integers(-(10**9), 10**9).map(lambda number: number / 1000), st.just(float("nan")))


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    rows = draw(st.integers(1, 30))
    start = draw(st.datetimes(pd.Timestamp("1950-01-01"), pd.Timestamp("2030-01-01")))
    step = draw(st.sampled_from(["s", "min", "h", "D", "W"]))
    index = pd.date_range(pd.Timestamp(start).floor("s"), periods=rows, freq=step, name="time").as_unit("ns")
    columns = {name: draw(st.lists(VALUES, min_size=rows, max_size=rows)) for name in draw(NAMES)}
    return pd.DataFrame(columns, index=index).astype("float64").dropna(axis="columns", how="all")


@settings(max_examples=60, deadline=None)
@given(frames(), st.sampled_from([(",", "."), (";", ","), ("\t", "."), ("|", ",")]))
def test_a_written_frame_comes_back_as_it_was(frame: pd.DataFrame, marks: tuple[str, str]) -> None:
    if frame.empty:
        return
    sep, decimal = marks
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file.csv"
        frame.to_csv(path, sep=sep, decimal=decimal)
        found = inspect(path, ReadOptions(sep=sep, decimal=decimal))
        pd.testing.assert_frame_equal(found.frame, frame, check_freq=False, check_dtype=False, rtol=1e-15)
        if found.changed:
            found.write_file(path)
        pd.testing.assert_frame_equal(
            pd.read_csv(path, index_col=0, parse_dates=True),
            found.frame,
            check_freq=False,
            check_dtype=False,
            rtol=1e-15,
        )


@settings(max_examples=30, deadline=None)
@given(frames())
def test_a_plain_file_is_read_as_pandas_reads_it(frame: pd.DataFrame) -> None:
    if frame.empty:
        return
    text = frame.to_csv()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file.csv"
        path.write_text(text)
        found = inspect(path)
    assert not found.changed
    pd.testing.assert_frame_equal(found.frame, pd.read_csv(io.StringIO(text), index_col=0, parse_dates=True))
