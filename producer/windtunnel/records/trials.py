"""The ledger of trials as it is stored: read in parts, so that a search of any length is counted in bounded memory."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from math import isfinite

from windtunnel.analysis.ledger import Ledger, Sharpe, Trials
from windtunnel.records.codec import as_text, figure
from windtunnel.records.connection import Connection

READ_AT_ONCE = 5000
MOST_TOLD_APART = 500_000
"""Trials that are remembered, so that one on several datasets counts once; any beyond count for each of them."""
SHORT_DIGITS = 15
"""Of a digest: enough to tell them apart, and half the memory."""


class TrialLedger:
    """What every owner ever tried on each dataset; the finishing step writes it."""

    def __init__(self, connection: Connection) -> None:
        self._redis = connection

    def of(self, owner: str, dataset: str) -> Ledger:
        """Every trial that an owner ever made on a dataset."""
        known = {digest: sharpe for part in self._parts(owner, dataset) for digest, sharpe in part}
        return Ledger(known, self._beyond(owner, dataset))

    def excluding(self, owner: str, datasets: Sequence[str], own: Collection[str]) -> Trials:
        """All trials of an owner on any of these datasets, each once, but for those whose digests are in `own`."""
        seen = {_short(digest) for digest in own}
        found = Trials()
        for dataset in datasets:
            for part in self._parts(owner, dataset):
                fresh = {_short(digest): sharpe for digest, sharpe in part}
                found += Trials.of(sharpe for digest, sharpe in fresh.items() if digest not in seen)
                if len(seen) < MOST_TOLD_APART:
                    seen.update(fresh)
            found += self._beyond(owner, dataset)
        return found

    def _parts(self, owner: str, dataset: str) -> Iterator[list[tuple[str, Sharpe | None]]]:
        """The trials of which the digests are kept, some at a time; one may come twice."""
        cursor = None
        while cursor != 0:
            cursor, part = self._redis.call(
                "hscan", self._redis.keys.trials(owner, dataset), cursor or 0, count=READ_AT_ONCE
            )
            yield [(as_text(digest), _sharpe(stored)) for digest, stored in part.items()]

    def _beyond(self, owner: str, dataset: str) -> Trials:
        """Those beyond 100,000, of which only figures are kept."""
        more = self._redis.call("hgetall", self._redis.keys.trials(owner, dataset, "more"))
        figures = {as_text(name): figure(value) or 0.0 for name, value in more.items()}
        scored, flat, bars = (int(figures.get(name, 0)) for name in ("scored", "flat", "bars"))
        if not bars:  # nothing, or noted by an earlier version, without the bars
            return Trials(flat=scored + flat)
        return Trials(scored, flat, 0, bars, figures.get("mean", 0.0), figures.get("squares", 0.0))


def _short(digest: str) -> int | str:
    """The beginning of a digest as a number; what is damaged stays as it is."""
    try:
        return int(digest[:SHORT_DIGITS], 16)
    except ValueError:
        return digest


def _sharpe(stored: bytes) -> Sharpe | None:
    """A trial's Sharpe ratio and its bars; None where it is undefined, damaged or noted without the bars."""
    try:
        ratio, bars = stored.split(b"/")
        found = Sharpe(float(ratio), int(bars))
    except ValueError:
        return None
    return found if isfinite(found.per_bar) and found.bars > 0 else None
