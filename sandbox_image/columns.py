"""Writes a dataset's columns down as Arrow memory: `columns.py SOURCE TARGET`.

Run once, when a dataset is added. Ends badly when a program would not get the very same frame from them.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

import frames


def main(source: str, target: str) -> None:
    """Convert and compare."""
    frame = frames.read_file(source)
    importlib.import_module("pyarrow.feather").write_feather(frame, target, compression="uncompressed")
    if not _same(frame, frames.read_columns(target)):
        raise SystemExit("columns: the frame does not come back as it was")


def _same(one: Any, other: Any) -> bool:
    axes = [(one.index, other.index), (one.columns, other.columns)]
    kept = all(type(a) is type(b) and a.dtype == b.dtype and a.names == b.names for a, b in axes)
    return kept and bool(one.equals(other)) and _types(one) == _types(other)


def _types(frame: Any) -> list[type]:
    """Of each value in columns of objects: to `equals` a NaN is the same as None."""
    columns = (frame.iloc[:, number] for number in range(frame.shape[1]))
    return [type(value) for column in columns if column.dtype == object for value in column]


if __name__ == "__main__":
    main(*sys.argv[1:])
