"""The archive's files: which of them count, and one larger file in place of many small ones. Imports store and errors.

A compacted file names those that it stands for, in its own footer. So it counts for them from the moment at which it
is there, and a file appears when all of it is written: `files` tells every row exactly once at any time, whoever is
killed. What it stands for is removed later, so that readers that began before find their files.
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
"""In a compacted file. One that has half as many is left alone."""
ROWS_AT_ONCE = 10_000
GRACE_S, SHORTEST_GRACE_S = 3600.0, 60.0
"""How long a file stays beside the one that stands for it: longer than any reader reads, and at least longer than it
takes to list the files, or a list could have neither."""


@dataclass(frozen=True)
class Compacted:
    """What a compaction did, or would do."""

    merged: int = 0
    """Files that others now stand for."""
    written: int = 0
    """Those others."""
    rows: int = 0
    """In them."""
    removed: int = 0
    """Files that others stood for already."""
    bytes: int = 0
    """Of those that were removed."""


@dataclass(frozen=True)
class _Day:
    """The files of one day."""

    live: tuple[File, ...]
    """Together they have every row once."""
    over: tuple[tuple[File, float], ...]
    """The others, and since when others stand for them."""


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

        Those of the days from `since` on (UTC; of the end of the job), if given. They stay for an hour at least.
        """
        earliest = f"date={since}" if since else ""
        live = [one for day, found in self._days().items() if day >= earliest for one in self._sorted_out(found).live]
        return [self._store.address(one.path) for one in live]

    def compact(self, *, grace_s: float = GRACE_S, really: bool = True) -> Compacted:
        """Put one larger file in the place of the small ones of each day that is over (UTC).

        Files that others have stood for longer than `grace_s` are removed. It may be killed at any point and run
        again, and archivers and readers may go on meanwhile. With `really=False` it is only counted.
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
        """Of files where one stands for others, the widest one counts."""
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
        over = tuple((one, since[_name(one)]) for one in found if _name(one) in since)
        return _Day(tuple(sorted([*chosen, *plain], key=lambda one: (one.written_at, one.path))), over)

    def _replaces(self, one: File) -> frozenset[str] | None:
        """The names of the files that this one stands for; None for one that an archiver wrote."""
        if not _name(one).startswith(COMPACTED):
            return None
        from pyarrow import parquet

        with self._store.open(one.path) as stream:
            metadata = parquet.read_metadata(stream).metadata or {}
        return frozenset(json.loads(metadata.get(REPLACES, b"[]")))

    def _compact(self, day: str, files: _Day, grace_s: float, really: bool) -> Compacted:
        before = time.time() - grace_s
        done = Compacted()
        for one, since in files.over:
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
        """Files that fit into one, with their rows; those that are large enough stand alone."""
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
        """Write one file that stands for these, and for what they stand for."""
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
    """With every column of the schema; what an older version did not write is empty."""
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
