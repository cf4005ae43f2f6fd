"""The archive's files: which of them count, and how many small files become one larger one. Imports store and errors.

A compacted file lists, in its own footer, the files that it replaces, and it appears only when all of it is written.
So at any moment, whatever is killed, `files` covers every row exactly once. The replaced files are removed later, so
that readers which started earlier still find them.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from windtunnel.errors import FieldProblem, InvalidInput
from windtunnel.store import FRESH_S, File, Store

SETTING = "WINDTUNNEL_ARCHIVE_URL"
COMPACTED = "compacted-"
REPLACES = b"windtunnel.replaces"
MOST_ROWS = 100_000
"""Rows of a compacted file, at most. A file with half as many is left alone."""
ROWS_AT_ONCE = 10_000
GRACE_S, SHORTEST_GRACE_S = 3600.0, 60.0
"""How long a replaced file is kept: longer than any reader reads, and never shorter than it takes to list the files,
since a list could otherwise have neither."""


@dataclass(frozen=True)
class Compacted:
    """What a compaction did, or would do."""

    merged: int = 0
    """Files that were replaced."""
    written: int = 0
    """Files that replace them."""
    rows: int = 0
    """Rows in the files written."""
    removed: int = 0
    """Files removed because an earlier compaction had replaced them."""
    bytes: int = 0
    """Size of the files removed."""


@dataclass(frozen=True)
class _Day:
    """The files of one day."""

    live: tuple[File, ...]
    """Together they have every row once."""
    replaced: tuple[tuple[File, float], ...]
    """The other files, and since when they have been replaced."""


class Archive:
    """The Parquet files at a URL. `url` is a folder or any URL that fsspec knows.

    >>> import tempfile
    >>> Archive(tempfile.mkdtemp()).files()
    []
    """

    def __init__(self, url: str) -> None:
        self._store = Store(url, setting=SETTING)

    def files(self, since: date | None = None) -> list[str]:
        """The files that hold every report exactly once, as paths or URLs for DuckDB, pandas or polars.

        With `since`, only those of jobs that ended on that day (UTC) or later. The files are kept for at least an hour.
        """
        earliest = f"date={since}" if since else ""
        live = [one for day, found in self._days().items() if day >= earliest for one in self._sorted_out(found).live]
        return [self._store.address(one.path) for one in live]

    def compact(self, *, grace_s: float = GRACE_S, really: bool = True) -> Compacted:
        """Replace the small files of each past day (UTC) by one larger file.

        Files that were replaced more than `grace_s` seconds ago are removed. A compaction may be killed at any point
        and run again, and archivers and readers may continue meanwhile. With `really=False` it is only counted.
        """
        if grace_s < SHORTEST_GRACE_S:
            raise InvalidInput([FieldProblem("grace_s", f"must be at least {SHORTEST_GRACE_S:g}")])
        today = f"date={datetime.now(UTC):%Y-%m-%d}"
        done = Compacted()
        for day, found in self._days().items():
            if day < today:
                done = _sum(done, self._compact(day, self._sorted_out(found), grace_s, really))
        if really:
            self._store.remove_leftovers(FRESH_S, "")
        return done

    # ------------------------------------------------------------------------------------------------

    def _days(self) -> dict[str, list[File]]:
        """Every Parquet file, by its folder."""
        days: defaultdict[str, list[File]] = defaultdict(list)
        for one in self._store.files(""):
            folder, _, name = one.path.rpartition("/")
            if folder.startswith("date=") and name.endswith(".parquet") and not name.startswith("."):
                days[folder].append(one)
        return dict(sorted(days.items()))

    def _sorted_out(self, found: Sequence[File]) -> _Day:
        """Tell the files that count from those they replace; of two that overlap, the one that replaces more counts."""
        covers = {one: covered for one in found if (covered := self._replaces(one)) is not None}
        since: dict[str, float] = {}
        chosen: list[File] = []
        for one in sorted(covers, key=lambda one: (-len(covers[one]), one.path)):
            if _name(one) in since or covers[one] & since.keys():
                if covers[one] <= since.keys():
                    since.setdefault(_name(one), min(since[name] for name in covers[one]))
                continue
            chosen.append(one)
            since.update(dict.fromkeys(covers[one], one.written_at))
        plain = [one for one in found if one not in covers and _name(one) not in since]
        replaced = tuple((one, since[_name(one)]) for one in found if _name(one) in since)
        return _Day(tuple(sorted([*chosen, *plain], key=lambda one: (one.written_at, one.path))), replaced)

    def _replaces(self, one: File) -> frozenset[str] | None:
        """The names of the files that this one replaces; None if an archiver wrote it."""
        if not _name(one).startswith(COMPACTED):
            return None
        from pyarrow import parquet

        with self._store.open(one.path) as stream:
            metadata = parquet.read_metadata(stream).metadata or {}
        return frozenset(json.loads(metadata.get(REPLACES, b"[]")))

    def _compact(self, day: str, files: _Day, grace_s: float, really: bool) -> Compacted:
        before = time.time() - grace_s
        done = Compacted()
        for one, since in files.replaced:
            if since < before:
                done = _sum(done, Compacted(removed=1, bytes=one.bytes))
                if really:
                    self._store.remove(one.path)
        for group in self._groups(files.live):
            rows = sum(rows for _, rows in group)
            done = _sum(done, Compacted(len(group), 1, rows))
            if really:
                self._merge(day, [one for one, _ in group])
        return done

    def _groups(self, live: Iterable[File]) -> list[list[tuple[File, int]]]:
        """Groups of files to merge, each file with its number of rows; large files are left out."""
        from pyarrow import parquet

        groups: list[list[tuple[File, int]]] = [[]]
        for one in live:
            with self._store.open(one.path) as stream:
                rows = parquet.read_metadata(stream).num_rows
            if rows >= MOST_ROWS // 2:
                continue
            if sum(rows for _, rows in groups[-1]) + rows > MOST_ROWS:
                groups.append([])
            groups[-1].append((one, rows))
        return [group for group in groups if len(group) > 1]

    def _merge(self, day: str, group: Sequence[File]) -> None:
        """Write one file that replaces these and everything they replaced."""
        names = {_name(one) for one in group}.union(*(self._replaces(one) or () for one in group))
        ordered = sorted(names)
        path = f"{day}/{COMPACTED}{hashlib.sha256(json.dumps(ordered).encode()).hexdigest()[:32]}.parquet"
        with TemporaryDirectory(prefix="windtunnel-compact-") as folder:
            file = Path(folder) / "merged.parquet"
            self._write(file, group, {REPLACES: json.dumps(ordered).encode()})
            self._store.write(path, file)

    def _write(self, file: Path, group: Sequence[File], metadata: dict[bytes, bytes]) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        schemas = []
        for one in group:
            with self._store.open(one.path) as stream:
                schemas.append(parquet.read_schema(stream).remove_metadata())
        schema = pa.unify_schemas(schemas).with_metadata(metadata)
        with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
            waiting: list[Any] = []
            for one in group:
                with self._store.open(one.path) as stream:
                    for batch in parquet.ParquetFile(stream).iter_batches(ROWS_AT_ONCE):
                        waiting.append(_fitted(pa.table(batch), schema))
                        if sum(map(len, waiting)) >= ROWS_AT_ONCE:
                            writer.write_table(pa.concat_tables(waiting))
                            waiting.clear()
            if waiting:
                writer.write_table(pa.concat_tables(waiting))


def _fitted(table: Any, schema: Any) -> Any:
    """The table with every column of the schema; columns that an older version did not write are empty."""
    import pyarrow as pa

    columns = [
        table[field.name] if field.name in table.column_names else pa.nulls(len(table), field.type) for field in schema
    ]
    return pa.table(columns, schema=schema)


def _name(one: File) -> str:
    return one.path.rpartition("/")[2]


def _sum(one: Compacted, other: Compacted) -> Compacted:
    names = ("merged", "written", "rows", "removed", "bytes")
    return Compacted(*(getattr(one, name) + getattr(other, name) for name in names))
