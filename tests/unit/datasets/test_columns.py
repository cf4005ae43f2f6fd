"""The columns that a sandbox maps are the very frame that pandas reads from the dataset's file."""

from __future__ import annotations

from pathlib import Path

import frames
import pandas as pd
import pytest

from windtunnel.datasets.inspection import inspect

FILES = {
    "words": "Date,Symbol,Close\n2020-01-01,SPY,1\n2020-01-02,,2\n2020-01-03,NA,3\n",
    "truths": "Date,Up\n2020-01-01,True\n2020-01-02,\n2020-01-03,False\n",
    "all_missing": "Date,Note,Close\n2020-01-01,,1\n2020-01-02,,\n",
    "numbers": "Date,Volume,Close\n2020-01-01,1,1.5\n2020-01-02,,\n",
    "words_as_index": "Symbol,Close\nSPY,1\nQQQ,2\nDIA,3\n",
    "missing_in_index": "Symbol,Close\nSPY,1\n,2\nDIA,3\n",
    "numbers_as_index": "n,Close,Up\n1,1.5,True\n2,2.5,False\n",
    "zone": "Time,Word\n2020-01-01T00:00:00+00:00,a\n2020-01-01T00:01:00+00:00,\n",
    "european": "Datum;Schluss;Name\n02.01.2020;1.234,5;a\n15.01.2020;1.250,25;\n",
}


@pytest.mark.filterwarnings("ignore:Could not infer format")
@pytest.mark.parametrize("name", FILES)
def test_columns_and_file_give_the_same_frame(name: str, tmp_path: Path) -> None:
    file, columns = tmp_path / "prices.csv", tmp_path / "prices.arrow"
    file.write_text(FILES[name])
    found = inspect(file)
    if found.changed:
        found.write_file(file)
    found.write_columns(columns)
    mapped, plain = frames.read_columns(str(columns)), frames.read_file(str(file))
    pd.testing.assert_frame_equal(mapped, plain, check_exact=True, check_freq=True)
    for one, other in zip(_cells(mapped), _cells(plain), strict=True):
        assert type(one) is type(other), (one, other)
    mapped.iloc[0, 0] = mapped.iloc[-1, 0]  # it can be written to


def _cells(frame: pd.DataFrame) -> list[object]:
    return [*frame.index, *(cell for column in frame for cell in frame[column])]
