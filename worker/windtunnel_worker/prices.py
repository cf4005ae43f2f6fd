"""Scores positions on prices that are read from the store by digest and cached."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pyarrow as pa

from windtunnel.contract import DatasetVersion, Execution, JobSpec, LookAhead, Probe, Scoring, Sight
from windtunnel.datasets.words import ADJUSTED_NAMES, CLOSE_NAMES, OPEN_NAMES, plain_name
from windtunnel.errors import FileStoreUnavailable, ObjectUnusable
from windtunnel.manifests import Manifests
from windtunnel.store import Store
from windtunnel_worker.pipeline.collaborators import Scored
from windtunnel_worker.recent import Recent
from windtunnel_worker.scoring import Market, Positions, Prices, Unscorable, lookahead, returned, score
from windtunnel_worker.scoring.inputs import Floats, Times
from windtunnel_worker.settings import HostSettings

TABLES = 24
"""About how many arrays of its bars and datasets a market keeps."""
PAUSE_S = 5.0
"""How long the store is left alone after it did not answer, since each attempt may take long."""

Key = tuple[tuple[tuple[str, str, str], ...], str]
"""Each dataset's name, digest and hold-out, and the column that positions are valued at."""


class PriceScorer:
    """Scores positions on the store's prices, and caches up to `most_bytes` of them."""

    def __init__(self, store: Store, most_bytes: int) -> None:
        self._store, self._most_bytes = store, most_bytes
        self._markets = Recent[Key, tuple[Market, int]](most_bytes)
        """The prices, and the first bar that is held out of all datasets."""
        self._away: tuple[FileStoreUnavailable, float] | None = None

    @classmethod
    def of(cls, settings: HostSettings) -> Self:
        """The scorer for these settings."""
        return cls(Store(settings.store_url.get_secret_value()), settings.price_cache_mb * 2**20)

    def score(self, spec: JobSpec, execution: Execution) -> Scored:
        """Score what the program returned. Raises `FileStoreUnavailable` or `ObjectUnusable` if prices are missing.

        For positions or prices that cannot be scored, the result says why.
        """
        scoring = spec.scoring or Scoring()
        sha256 = ""
        try:
            market, unseen = self._market(spec, execution.dataset_digests, scoring.price)
            if unseen:
                scoring = scoring.model_copy(update={"warmup": max(scoring.warmup, unseen)})
            times = market.at_close.times
            content = returned.unpacked(execution.positions, len(times))
            sha256 = returned.digest(content)
            positions = returned.read(content, times, [one.name for one in market.datasets])
            found = _look_ahead(market, positions, execution, spec.seed) if spec.check_lookahead else None
            return Scored(sha256, score(market, positions, scoring), found)
        except Unscorable as error:
            return Scored(sha256, refusal=str(error))

    def _market(self, spec: JobSpec, digests: Mapping[str, str], price: str) -> tuple[Market, int]:
        """The prices that a job is scored on, and the first bar that counts: for a promoted run, the first held out."""
        if not spec.datasets:
            raise Unscorable(None, "the job has no dataset", remedy="Name one in the job's `datasets`.")
        names = ((name, digests.get(name, ""), spec.holdouts.get(name, "")) for name in spec.datasets)
        key = tuple(names), price.lower()
        kept = self._markets.get(key)
        if kept is not None:
            return kept
        market, unseen = self._read(key)
        size = 8 * TABLES * len(market.at_close.times) * len(market.datasets)
        return self._markets.keep(key, (market, unseen), size)

    def _read(self, key: Key) -> tuple[Market, int]:
        if self._away and time.monotonic() < self._away[1]:
            raise self._away[0]
        try:
            versions = {name: self._version(name, *digests) for name, *digests in key[0]}
            datasets = [self._prices(name, version, key[1]) for name, version in versions.items()]
        except FileStoreUnavailable as error:
            self._away = error, time.monotonic() + PAUSE_S
            raise
        fastest = max(versions.values(), key=lambda one: one.facts.bars_a_year or 0.0).facts
        market = Market(datasets, fastest.bars_a_year, fastest.bars_how or "counted from the dataset's times")
        held_out = [one.holdout.bars for one in versions.values() if one.holdout] if key[0][0][2] else []
        if not held_out:
            return market, 0
        first = max(one.times[-bars] for one, bars in zip(datasets, held_out, strict=True))
        return market, int(np.searchsorted(market.at_close.times, first))

    def _version(self, name: str, sha256: str, holdout: str) -> DatasetVersion:
        found = Manifests(self._store).of_bytes(sha256) if sha256 else None
        if found is not None and holdout:
            found = found.whole(holdout)
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
        columns = _columns_of_numbers(table)
        place = _valued_at(name, table, columns, price)
        values = _numbers(table.column(place))
        opened = next((columns[one] for one in OPEN_NAMES if one in columns), None)
        opens = None if opened is None else _numbers(table.column(opened))
        if opens is not None and plain_name(table.column_names[place]) in ADJUSTED_NAMES and "close" in columns:
            with np.errstate(divide="ignore", invalid="ignore"):  # a close of 0 leaves no open to fill at
                opens = opens * (values / _numbers(table.column(columns["close"])))
        return Prices(name, _times(table), values, opens)


def _look_ahead(market: Market, positions: Positions, execution: Execution, seed: int) -> LookAhead:
    """Compare the positions with those that the program returned on changed data."""
    bars = max(len(one.times) for one in market.datasets)
    if bars > lookahead.MOST_BARS:
        message = f"On {bars:,} bars the check would take too long; at most {lookahead.MOST_BARS:,} are checked."
        return LookAhead(sight=Sight.UNCHECKED, message=message)
    times, names = market.at_close.times, [one.name for one in market.datasets]
    probes, runs = lookahead.plan(bars, seed), dict[Probe, Positions | str]()
    for run in execution.probe_runs:
        if run.number >= len(probes):
            continue
        try:
            runs[probes[run.number]] = run.failed or returned.read(
                returned.unpacked(run.packed, len(times)), times, names
            )
        except Unscorable as error:
            runs[probes[run.number]] = error.reason
    return lookahead.judge(positions, runs, times, probes)


def _columns_of_numbers(table: Any) -> dict[str, int]:
    """Where each column of numbers is, by its name in lower case and by its plain one; of two the first counts."""
    index, found = _index_columns(table), dict[str, int]()
    places = [
        (field.name, place) for place, field in enumerate(table.schema) if _is_number(field) and field.name not in index
    ]
    for name, place in places:
        found.setdefault(name.strip().lower(), place)
    for name, place in places:
        found.setdefault(plain_name(name), place)
    return found


def _valued_at(dataset: str, table: Any, columns: Mapping[str, int], price: str) -> int:
    """The place of the column that positions are valued at."""
    for wanted in (price, *(CLOSE_NAMES if price == "close" else ())):
        if wanted in columns:
            return columns[wanted]
    names = [table.column_names[place] for place in sorted(set(columns.values()))]
    if price == "close" and len(names) == 1:
        return columns[names[0].strip().lower()]
    raise Unscorable(
        None,
        f"dataset {dataset!r} has no column {price!r} of numbers",
        remedy=f"Set `price` in the job's scoring to one of {', '.join(names[:20]) or 'its columns'}.",
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
