"""What a program's `signals` returned, as bytes for the host: bars, and a position of each dataset for each of them.

Nothing here is trusted: the program can change all of it in its own process. The layout, compressed by zlib: a line of
JSON {"kind": "own" | "times" | "rows", "bars": count, "columns": [dataset]}, the bars as int64 (each less the one
before), and the positions as float64, one row a bar; little-endian. Times are nanoseconds since 1970 in UTC, rows count
from 0. "own" are the first bars of the one dataset that there is; they are not sent.
"""

from __future__ import annotations

import importlib
import inspect
import json
import types
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from frames import Datasets

MAX_CELLS = 8_000_000
MAX_BYTES = 4 * 1024 * 1024
"""Once compressed."""
WANTED = (
    "it must return positions, 1 for long, 0 for nothing, -1 for short: a Series on the index of the data, "
    "an array or list with one number for each bar, or with several datasets a DataFrame or dict that has one of "
    "these for each dataset"
)
INSTEAD = {
    "generator": ": collect what it yields in a list",
    "coroutine": ": define it without `async`",
    "LazyFrame": ": end it with `.collect()`",
}
"""What to change where something of this type is returned."""


def arguments(signals: Callable[..., Any], data: Any, params: Any) -> tuple[Any, ...]:
    """What to call it with: (data, params) or (data,). `TypeError` for a function that takes neither."""
    if type(signals) is types.FunctionType and signals.__code__.co_argcount == 2:
        return data, params  # as nearly all are written; `inspect` is slow in a fork
    try:
        takes = inspect.signature(signals)
    except (TypeError, ValueError):  # some compiled functions do not say
        return data, params
    for found in ((data, params), (data,)):
        try:
            takes.bind(*found)
        except TypeError:
            continue
        return found
    raise TypeError("signals must take (data, params); give a helper with other parameters another name")


def encode(result: Any, data: Datasets) -> bytes:
    """The positions as bytes. `TypeError` or `ValueError` says what is wrong with them and what to return."""
    if not data:
        raise ValueError("signals needs prices to be scored on; name a dataset in the job's `datasets`")
    columns, table = _table(result, data)
    bars = len(table)
    if bars * len(columns) > MAX_CELLS:
        raise ValueError(
            f"{bars:,} bars of {len(columns)} positions are too many; at most {MAX_CELLS:,} are taken in all"
        )
    kind, numbers = _bars(table.index, data)
    head = json.dumps({"kind": kind, "bars": bars, "columns": columns})
    packed = zlib.compress(head.encode() + b"\n" + numbers + _numbers(table), 1)
    if len(packed) > MAX_BYTES:
        raise ValueError(f"the positions take {len(packed):,} bytes; at most {MAX_BYTES:,} are taken: round them")
    return packed


def _table(result: Any, data: Datasets) -> tuple[list[str], Any]:
    """Which dataset each column is about, and the positions on their bars: a frame, or a series of the only one."""
    pandas = importlib.import_module("pandas")
    if hasattr(type(result), "to_pandas"):
        result = result.to_pandas()  # as an array, a frame of polars or Arrow would lose the names of its columns
    if isinstance(result, pandas.Series):
        if len(data) == 1:
            return list(data), result
        table = result.to_frame()
    elif isinstance(result, pandas.DataFrame):
        table = result
    elif isinstance(result, Mapping):
        table = _together(result, data)
    elif isinstance(result, tuple) and any(isinstance(one, pandas.Series) for one in result):
        raise TypeError(
            f"signals returned {len(result)} Series: make one of them, 1 from an entry until its exit; {WANTED}"
        )
    else:
        table = _of_numbers(result)
    return _columns(table, list(data)), table


def _bars(index: Any, data: Datasets) -> tuple[str, bytes]:
    """What the bars go by, and their numbers."""
    pandas, numpy = importlib.import_module("pandas"), importlib.import_module("numpy")
    timed = isinstance(index, pandas.DatetimeIndex)
    if timed and index.hasnans:
        raise ValueError("the index of the positions has entries that are not times (NaT)")
    if len(data) == 1 and index is data.bars(next(iter(data))):
        return "own", b""
    numbers = index.as_unit("ns").asi8 if timed else _rows(index, data)
    return "times" if timed else "rows", numpy.diff(numbers, prepend=0).astype("<i8").tobytes()


def _columns(table: Any, names: list[str]) -> list[str]:
    """Which dataset each column is about; one column alone needs no name where there is one dataset."""
    pandas = importlib.import_module("pandas")
    unnamed = isinstance(table.columns, pandas.RangeIndex)
    if table.shape[1] == len(names) and (len(names) == 1 or unnamed):
        return names
    columns = [str(name) for name in table.columns]
    if unnamed or table.shape[1] == 0 or (table.shape[1] == 1 and columns[0] not in names):
        raise TypeError(
            f"signals returned the columns {_listed(columns)} for the datasets {', '.join(names)}; {WANTED}"
        )
    wrong = [name for name in columns if name not in names]
    if wrong and len(names) == 1:
        raise ValueError(f"signals returned a frame with the columns {_listed(columns)}: return one of them; {WANTED}")
    if wrong or len(set(columns)) < len(columns):
        raise ValueError(
            f"each column of what signals returns is named after a dataset, once: {', '.join(names)}; "
            f"it returned the columns {_listed(columns)}"
        )
    return columns


def _listed(names: list[str]) -> str:
    return ", ".join(name[:40] for name in names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def _together(found: Mapping[Any, Any], data: Datasets) -> Any:
    """Positions by dataset on all their bars; on a bar that only others have, a dataset keeps its position."""
    pandas = importlib.import_module("pandas")
    series = {}
    for name, values in found.items():
        if not isinstance(name, str):
            raise TypeError(
                f"signals returned a dict by {type(name).__name__}: return `pandas.Series(…)` of it; {WANTED}"
            )
        if name not in data:
            raise ValueError(f"{name!r} is not among this job's datasets: {', '.join(data)}")
        one = values if isinstance(values, pandas.Series) else _beside(values, data[name].index)
        series[name] = one if len(data) == 1 else one.set_axis(_in_utc(one.index))
    if not series:
        raise TypeError(f"signals returned an empty dict; {WANTED}")
    if all(isinstance(one.index, pandas.DatetimeIndex) for one in series.values()):
        series |= _left_out(series, data)
    index = next(iter(series.values())).index
    if all(one.index.equals(index) for one in series.values()):
        return pandas.DataFrame(series)
    for one in series.values():
        index = index.union(one.index)
    return pandas.DataFrame({name: one.reindex(index, method="ffill", fill_value=0.0) for name, one in series.items()})


def _left_out(series: Mapping[str, Any], data: Datasets) -> dict[str, Any]:
    """Positions of 0 in the other datasets, whose bars count too; those that cannot be scored on are left alone."""
    pandas = importlib.import_module("pandas")
    bars = {name: _in_utc(data[name].index) for name in data if name not in series}
    return {
        name: pandas.Series(0.0, index=index)
        for name, index in bars.items()
        if isinstance(index, pandas.DatetimeIndex) and index.is_monotonic_increasing and index.is_unique
    }


def _in_utc(index: Any) -> Any:
    """Times without their zone, so that those of different zones can be put together."""
    return index.tz_convert(None) if getattr(index, "tz", None) is not None else index


def _beside(values: Any, index: Any) -> Any:
    table = _of_numbers(values)
    if table.shape != (len(index), 1):
        raise ValueError(f"there are {len(table):,} positions for {len(index):,} bars")
    return table.iloc[:, 0].set_axis(index)


def _of_numbers(values: Any) -> Any:
    numpy, pandas = importlib.import_module("numpy"), importlib.import_module("pandas")
    if values is None:
        raise TypeError(f"signals returned None (does it end without `return`?); {WANTED}")
    if isinstance(values, str | bytes) or not (isinstance(values, list | tuple) or hasattr(values, "__array__")):
        name = type(values).__name__
        raise TypeError(f"signals returned {name}{INSTEAD.get(name, '')}; {WANTED}")
    if isinstance(values, numpy.ma.MaskedArray):
        values = values.astype("f8").filled(numpy.nan)
    array = numpy.asarray(values)
    try:
        array = _real(array).astype("f8")
    except (TypeError, ValueError):
        raise TypeError(f"signals returned a {type(values).__name__} that is not all numbers; {WANTED}") from None
    if array.ndim not in (1, 2):
        raise TypeError(f"signals returned {array.ndim} dimensions; {WANTED}")
    return pandas.DataFrame(array)


def _rows(index: Any, data: Datasets) -> Any:
    """The rows of the data that an index without times stands for."""
    numpy, pandas = importlib.import_module("numpy"), importlib.import_module("pandas")
    own = data[next(iter(data))].index
    if any(not data[name].index.equals(own) for name in data):
        raise TypeError("the datasets have different bars; return positions on an index of times")
    if isinstance(index, pandas.RangeIndex) and (index.start, index.step) == (0, 1):
        if len(index) != len(own):
            raise ValueError(f"there are {len(index):,} positions for {len(own):,} bars; return one for each bar")
        return numpy.arange(len(own))
    rows = own.get_indexer(index) if own.is_unique else numpy.array([-1])
    if (rows < 0).any():
        raise ValueError("the index of the positions is not that of the data; keep it")
    return rows


def _numbers(table: Any) -> bytes:
    numpy = importlib.import_module("numpy")
    try:
        for kind in {table.dtype} if table.ndim == 1 else set(table.dtypes):
            _real(kind)
        return bytes(numpy.ascontiguousarray(table.to_numpy(dtype="<f8", na_value=numpy.nan)))
    except (TypeError, ValueError):
        raise TypeError(f"signals returned positions that are not numbers; {WANTED}") from None


def _real(found: Any) -> Any:
    """What has or is a NumPy type, if that may stand for numbers; `TypeError` for what loses its meaning as one."""
    kind = getattr(getattr(found, "dtype", found), "kind", "")
    if kind in ("c", "m", "M"):
        raise TypeError("complex numbers, times and durations are no positions")
    return found
