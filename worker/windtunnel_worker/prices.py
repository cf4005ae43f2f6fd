"""The prices that jobs are scored on: read from the store by digest, kept while they are used. Knows no Docker."""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pyarrow as pa

from windtunnel.contract import DatasetVersion, Execution, JobSpec, Score, Scoring
from windtunnel.errors import FileStoreUnavailable, ObjectUnusable
from windtunnel.manifests import Manifests
from windtunnel.store import Store
from windtunnel_worker.pipeline.collaborators import Scored
from windtunnel_worker.scoring import Market, Prices, Unscorable, returned, score
from windtunnel_worker.scoring.inputs import Floats, Times
from windtunnel_worker.settings import HostSettings

USUAL = ("close", "adj close", "adj_close", "price", "last", "settle")
"""Where positions are valued if there is no `close`; the first that a dataset has."""
TABLES = 14
"""A market keeps about so many arrays of its bars and datasets."""
PAUSE_S = 5.0
"""For so long after it gave no answer the store is not asked again: each question may take long."""

Key = tuple[tuple[tuple[str, str], ...], str]


class PriceScorer:
    """Scores positions on the prices of the store. Keeps those of the last jobs, up to `most_bytes`."""

    def __init__(self, store: Store, most_bytes: int) -> None:
        self._store, self._most_bytes = store, most_bytes
        self._markets: OrderedDict[Key, tuple[Market, int]] = OrderedDict()
        self._away: tuple[FileStoreUnavailable, float] | None = None

    @classmethod
    def of(cls, settings: HostSettings) -> Self:
        """The one of a deployment."""
        return cls(Store(settings.store_url.get_secret_value()), settings.price_cache_mb * 2**20)

    def score(self, spec: JobSpec, execution: Execution) -> Scored:
        """Score what the program returned. Raises `FileStoreUnavailable` or `ObjectUnusable` where prices are missing.

        Positions or prices that cannot be scored are an answer that says why.
        """
        scoring = spec.scoring or Scoring()
        sha256 = ""
        try:
            market = self._market(spec, execution.dataset_digests, scoring.price)
            times = market.at_close.times
            content = returned.unpacked(execution.positions, len(times))
            sha256 = returned.digest(content)
            return Scored(sha256, self._scored(market, content, scoring))
        except Unscorable as error:
            return Scored(sha256, refusal=str(error))

    @staticmethod
    def _scored(market: Market, content: bytes, scoring: Scoring) -> Score:
        names = [one.name for one in market.datasets]
        return score(market, returned.read(content, market.at_close.times, names), scoring)

    def _market(self, spec: JobSpec, digests: Mapping[str, str], price: str) -> Market:
        if not spec.datasets:
            raise Unscorable(None, "the job has no dataset", remedy="Name one in the job's `datasets`.")
        key = tuple((name, digests.get(name, "")) for name in spec.datasets), price.lower()
        if key in self._markets:
            self._markets.move_to_end(key)
            return self._markets[key][0]
        market = self._read(key)
        size = 8 * TABLES * len(market.at_close.times) * len(market.datasets)
        self._markets[key] = market, size
        while sum(size for _, size in self._markets.values()) > self._most_bytes and len(self._markets) > 1:
            self._markets.popitem(last=False)
        return market

    def _read(self, key: Key) -> Market:
        if self._away and time.monotonic() < self._away[1]:
            raise self._away[0]
        try:
            versions = {name: self._version(name, sha256) for name, sha256 in key[0]}
            datasets = [self._prices(name, version, key[1]) for name, version in versions.items()]
        except FileStoreUnavailable as error:
            self._away = error, time.monotonic() + PAUSE_S
            raise
        fastest = max(versions.values(), key=lambda one: one.facts.bars_a_year or 0.0).facts
        return Market(datasets, fastest.bars_a_year, fastest.bars_how or "counted from the dataset's times")

    def _version(self, name: str, sha256: str) -> DatasetVersion:
        found = Manifests(self._store).of_bytes(sha256) if sha256 else None
        if found is None:
            raise ObjectUnusable(
                f"The store {self._store.name} knows no dataset {name!r} with digest {sha256[:12] or '-'}.",
                remedy="Workers of all stages need the same WINDTUNNEL_STORE_URL.",
            )
        return found

    def _prices(self, name: str, version: DatasetVersion, price: str) -> Prices:
        """Its times and prices; of the whole table, only these columns are decoded."""
        if version.columns_sha256 is None or version.columns_bytes > self._most_bytes:
            raise Unscorable(
                None, f"dataset {name!r} is {version.columns_bytes / 2**20:,.0f} MB, too large for scoring"
            )
        table = pa.ipc.open_file(pa.BufferReader(self._store.get(version.columns_sha256))).read_all()
        close = _column(name, table, price)
        opens = [place for place, column in enumerate(table.column_names) if column.strip().lower() == "open"]
        return Prices(
            name,
            _times(table),
            _numbers(table.column(close)),
            _numbers(table.column(opens[0])) if opens and _is_number(table.field(opens[0])) else None,
        )


def _column(dataset: str, table: Any, price: str) -> int:
    """The place of the column that positions are valued at."""
    numbers = {
        name.strip().lower(): place
        for place, name in reversed(list(enumerate(table.column_names)))
        if _is_number(table.field(place)) and name not in _index_columns(table)
    }
    for wanted in (price, *(USUAL if price == "close" else ())):
        if wanted in numbers:
            return int(numbers[wanted])
    if price == "close" and len(numbers) == 1:
        return int(next(iter(numbers.values())))
    raise Unscorable(
        None,
        f"dataset {dataset!r} has no column {price!r} of numbers",
        remedy=f"Set `price` in the job's scoring to one of {', '.join(list(numbers)[:20]) or 'its columns'}.",
    )


def _is_number(field: Any) -> bool:
    return bool(pa.types.is_integer(field.type) or pa.types.is_floating(field.type))


def _numbers(column: Any) -> Floats:
    return np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)


def _index_columns(table: Any) -> list[str]:
    described = json.loads((table.schema.metadata or {}).get(b"pandas", b"{}"))
    return [name for name in described.get("index_columns", ()) if isinstance(name, str)]


def _times(table: Any) -> Times:
    """Nanoseconds since 1970 in UTC, or the numbers of the rows where the index has no times."""
    for name in _index_columns(table)[:1]:
        column = table.column(name)
        if pa.types.is_timestamp(column.type) and not column.null_count:
            moments = column.cast(pa.timestamp("ns", column.type.tz)).cast(pa.int64())
            return np.asarray(moments.to_numpy(), dtype=np.int64)
    return np.arange(table.num_rows, dtype=np.int64)
