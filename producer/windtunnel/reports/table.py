"""Reports as a table with the same columns and types for every batch: rows, CSV, JSON, Parquet, data frame.

Text from programs is only in the columns `self_reported`, `message` and `failure…`; emitted names never become columns.
Times are UTC, durations seconds, returns and drawdowns fractions. The extra `data` has pandas and pyarrow.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from windtunnel.contract import Metrics, Report

Value = str | int | float | None
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for the beginning of a formula, in full width too."""

TEXT, WHOLE, NUMBER, TIME, FLAG = "text", "whole", "number", "time", "flag"


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def _scored(name: str) -> Callable[[Report], Any]:
    return lambda one: getattr(one.score, name) if one.score else None


def _failed(name: str) -> Callable[[Report], Any]:
    return lambda one: getattr(one.failure, name) if one.failure else ""


def _metric(name: str) -> Callable[[Report], Any]:
    return lambda one: getattr(one.score.metrics, name) if one.score else None


def _trading(name: str) -> Callable[[Report], Any]:
    return lambda one: getattr(one.score.trading, name) if one.score else None


def _held_out(name: str) -> Callable[[Report], Any]:
    return lambda one: getattr(one.promotion.metrics, name) if one.promotion else None


def _used(name: str) -> Callable[[Report], Any]:
    return lambda one: getattr(one.used, name) if one.used else None


def _took(name: str) -> Callable[[Report], Any]:
    return lambda one: getattr(one.timings, name)


_WHOLE = ("max_drawdown_bars",)

COLUMNS: Mapping[str, tuple[str, Callable[[Report], Any]]] = {
    "job_id": (TEXT, lambda one: one.job_id),
    "batch_id": (TEXT, lambda one: one.batch_id),
    "name": (TEXT, lambda one: one.name),
    "language": (TEXT, lambda one: one.language),
    "outcome": (TEXT, lambda one: one.outcome.value),
    "message": (TEXT, lambda one: one.message),
    "failure": (TEXT, _failed("type")),
    "failure_message": (TEXT, _failed("message")),
    "failure_frame": (TEXT, _failed("frame")),
    "params": (TEXT, lambda one: _json(one.params)),
    "labels": (TEXT, lambda one: _json(one.labels)),
    "seed": (WHOLE, lambda one: one.seed),
    "code_sha256": (TEXT, lambda one: one.code_sha256),
    "datasets": (TEXT, lambda one: _json(one.dataset_digests)),
    "stage": (WHOLE, lambda one: one.stage),
    "stages": (WHOLE, lambda one: one.stage_count),
    "stopped": (FLAG, lambda one: one.stopped),
    "stage_runs": (TEXT, lambda one: _json([run.model_dump(mode="json") for run in one.stages])),
    "look_ahead": (TEXT, lambda one: one.look_ahead.sight.value if one.look_ahead else ""),
    "positions_sha256": (TEXT, lambda one: one.positions_sha256),
    "attempts": (WHOLE, lambda one: len(one.attempts)),
    "submitted_at": (TIME, lambda one: one.submitted_at),
    "finished_at": (TIME, lambda one: one.finished_at),
    **{name: (NUMBER, _took(name)) for name in ("queued_s", "waiting_s", "prepare_s", "execute_s", "total_s")},
    **{name: (NUMBER, _used(name)) for name in ("cpu_time_s", "cpu_percent_average", "memory_mb_peak")},
    **{name: (WHOLE, _used(name)) for name in ("io_operations", "read_calls", "write_calls")},
    "bars": (WHOLE, _scored("bars")),
    "bars_a_year": (NUMBER, _scored("bars_a_year")),
    "final_equity": (NUMBER, _scored("final_equity")),
    "probabilistic_sharpe": (NUMBER, _scored("probabilistic_sharpe")),
    "market_correlation": (NUMBER, _scored("market_correlation")),
    "buy_and_hold_sharpe": (NUMBER, lambda one: one.score.benchmark.sharpe if one.score else None),
    "buy_and_hold_return": (NUMBER, lambda one: one.score.benchmark.total_return if one.score else None),
    **{name: (WHOLE if name in _WHOLE else NUMBER, _metric(name)) for name in Metrics.model_fields},
    **{name: (NUMBER, _trading(name)) for name in ("turnover", "exposure", "hit_rate")},
    **{name: (WHOLE, _trading(name)) for name in ("fills", "trades")},
    "held_out_bars": (WHOLE, lambda one: one.promotion.bars if one.promotion else None),
    **{f"held_out_{name}": (NUMBER, _held_out(name)) for name in ("sharpe", "total_return", "max_drawdown")},
    "self_reported": (TEXT, lambda one: _json(one.execution.values) if one.execution else "{}"),
}
"""Name → type and how to get it. Figures of the score are empty if a job has none.

`stage`, of `stages`, is the stage of a cascade that the row is about; if they are equal, it is the run on all of the
job's data. `stopped` says that the job did not reach what the stage asks for. `held_out…` belong to promoted runs.
"""


def rows(reports: Iterable[Report]) -> list[dict[str, Any]]:
    """One dictionary per report, with every column."""
    return [{name: get(one) for name, (_, get) in COLUMNS.items()} for one in reports]


def as_csv(reports: Iterable[Report]) -> bytes:
    """CSV with a header, as in RFC 4180. Text that a spreadsheet takes for a formula is preceded by an apostrophe."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")  # else text with a carriage return is not quoted
    writer.writerow(COLUMNS)
    for row in rows(reports):
        writer.writerow([_cell(value) for value in row.values()])
    return text.getvalue().encode("utf-8", "backslashreplace")


def _cell(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def as_json(reports: Iterable[Report]) -> bytes:
    """A JSON array with one object per line."""
    found = (json.dumps(row, default=lambda time: time.isoformat()) for row in rows(reports))
    return ("[\n" + ",\n".join(found) + "\n]\n").encode()


def as_parquet(reports: Iterable[Report]) -> bytes:
    """Parquet."""
    file = ParquetFile()
    file.add(reports)
    return file.content()


class ParquetFile:
    """A Parquet file in memory, to which reports are added some at a time."""

    def __init__(self) -> None:
        from pyarrow import parquet

        self._sink, self._schema = io.BytesIO(), schema()
        self._writer = parquet.ParquetWriter(self._sink, self._schema, compression="zstd")

    def add(self, reports: Iterable[Report]) -> None:
        """Add these reports."""
        import pyarrow as pa

        found = [{name: _whole_text(value) for name, value in row.items()} for row in rows(reports)]
        self._writer.write_table(pa.Table.from_pylist(found, self._schema))

    def content(self) -> bytes:
        """Close the file and return its bytes."""
        self._writer.close()
        return self._sink.getvalue()


def schema() -> Any:
    """The columns as an Arrow schema: that of every Parquet file, whatever is in it."""
    import pyarrow as pa

    times = pa.timestamp("us", "UTC")
    types = {TEXT: pa.string(), WHOLE: pa.int64(), NUMBER: pa.float64(), TIME: times, FLAG: pa.bool_()}
    return pa.schema([(name, types[kind]) for name, (kind, _) in COLUMNS.items()])


def _whole_text(value: Any) -> Any:
    """Text without half characters (lone surrogates), which no file can hold."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


def frame(reports: Iterable[Report]) -> Any:
    """A pandas `DataFrame` with one row per report."""
    import pandas as pd

    types = {TEXT: "str", WHOLE: "Int64", NUMBER: "float64", TIME: "datetime64[us, UTC]", FLAG: "bool"}
    found = rows(reports)
    return pd.DataFrame(
        {name: pd.Series([row[name] for row in found], dtype=types[kind]) for name, (kind, _) in COLUMNS.items()}
    )
