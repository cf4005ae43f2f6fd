"""A program's datasets: data frames by name, read when first touched.

Standard library only. Nothing here is trusted: the program can change all of it in its own process.
"""

from __future__ import annotations

import contextlib
import importlib
import math
import os
from collections.abc import Iterator, Mapping
from typing import Any

_frames: dict[str, Any] = {}
"""Datasets read before the fork: each job finds them as they were read."""


def preload_frames(paths: Mapping[str, str]) -> None:
    """Read datasets before any job; one that cannot be read is left for the job to find out."""
    for name, path in paths.items():
        with contextlib.suppress(Exception):
            _frames[name] = read(path)


class Datasets(Mapping[str, Any]):
    """The job's datasets by name, each read into a data frame when first touched.

    Of a CSV file the first column is the index, read as dates where it can be.
    """

    def __init__(self, paths: Mapping[str, str], loaded: Mapping[str, Any] | None = None) -> None:
        self.paths = dict(paths)
        read = _frames if loaded is None else loaded
        self._loaded = {name: frame for name, frame in read.items() if name in self.paths}
        self._bars = {name: frame.index for name, frame in self._loaded.items()}

    def __getitem__(self, name: str) -> Any:
        if name not in self.paths:
            names = ", ".join(sorted(self.paths)) or "none; name them in the job's `datasets`"
            raise KeyError(f"{name!r} is not among this job's datasets: {names}")
        if name not in self._loaded:
            self._loaded[name] = read(self.paths[name])
            self._bars[name] = self._loaded[name].index
        return self._loaded[name]

    def bars(self, name: str) -> Any:
        """The index that a frame had when it was read; None of one that was not."""
        return self._bars.get(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.paths)

    def __len__(self) -> int:
        return len(self.paths)

    def column_like(self, key: Any) -> str:
        """Where a column is that a missing key almost names, or that it names the index; empty where none is."""
        for name, frame in self._loaded.items():
            if key is not None and frame.index.name == key:
                return f'{key!r} is the index of data["{name}"]: use .index or .reset_index()'
            for column in frame.columns:
                if column != key and str(column).strip().lower() == str(key).strip().lower():
                    return f'data["{name}"] has a column {column!r}'
        return ""

    def __repr__(self) -> str:
        return f"data({', '.join(self.paths)})"


def read(path: str) -> Any:
    """A dataset as a fresh frame."""
    columns = f"{os.path.splitext(path)[0]}.arrow"
    return read_columns(columns) if os.path.exists(columns) else read_file(path)


def read_columns(path: str) -> Any:
    """A frame out of Arrow memory that was written when the dataset was added; all of it can be written to.

    It is the very frame that pandas reads from the file: Arrow has one mark for what is missing, pandas in columns of
    objects NaN.
    """
    feather = importlib.import_module("pyarrow.feather")
    table = feather.read_table(path, memory_map=True, use_threads=False)
    frame = table.to_pandas(use_threads=False)
    for number in range(frame.shape[1]):
        column = frame.iloc[:, number]
        if column.dtype == object and table.column(number).null_count:
            frame.isetitem(number, _with_nan(column))
        elif not column.to_numpy().flags.writeable:
            frame.isetitem(number, column.copy())
    if frame.index.dtype == object and frame.index.hasnans:
        frame.index = _with_nan(frame.index)
    return frame


def _with_nan(objects: Any) -> Any:
    """A column or index of objects with NaN for what is missing."""
    values = objects.to_numpy(copy=True)
    values[objects.isna()] = math.nan
    more = {"index": objects.index} if hasattr(objects, "index") else {}
    return type(objects)(values, name=objects.name, dtype=object, **more)


def read_file(path: str) -> Any:
    """A frame out of a dataset's file."""
    pandas = importlib.import_module("pandas")
    if path.endswith(".parquet"):
        return pandas.read_parquet(path)
    return pandas.read_csv(path, index_col=0, parse_dates=True)
