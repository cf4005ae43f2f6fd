"""Which programs were run on which hold-outs, and what came of it. Append-only: entries never change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from windtunnel.contract import HoldOut, Outcome, Promotion, Report
from windtunnel.errors import NotFound
from windtunnel.records.catalogue import Catalogue
from windtunnel.records.codec import as_text, encode, readable
from windtunnel.records.connection import Connection
from windtunnel.records.essence import essence

OPEN_END = 2**40
UNSPENT = (Outcome.CANCELLED, Outcome.LOST, Outcome.INFRASTRUCTURE_ERROR)
"""A promoted run that ended so has revealed nothing of the hold-out, and the same job may be retried."""


@dataclass(frozen=True)
class Promoted:
    """A program that was promoted before."""

    job_id: str
    outcome: str = ""
    """Empty where the run has not ended."""
    promotion: Promotion | None = None


class Span(NamedTuple):
    """From the first to the last bar that is held out, in seconds since 1970."""

    first: int
    last: int

    @classmethod
    def of(cls, holdout: HoldOut) -> Span:
        """That of a hold-out; without an end in the documents of earlier versions."""
        return cls(_seconds(holdout.first), _seconds(holdout.last) if holdout.last else OPEN_END)

    def meets(self, other: Span) -> bool:
        """Whether they have a time in common."""
        return max(self.first, other.first) <= min(self.last, other.last)

    def joined(self, other: Span) -> Span:
        """Both of them: the same file may have been added with different shares held out."""
        return Span(min(self.first, other.first), max(self.last, other.last))


def _seconds(time: datetime) -> int:
    return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp())


class Promotions:
    """Hold-out → programs, each by its `essence`, so that another layout or comment makes no other program.

    A new version of a dataset mostly holds out the same bars, so a program that was promoted on one version was
    promoted on every other one that has bars in common with it, also if that has been removed since. `holdouts` are the
    digests by dataset.
    """

    def __init__(self, connection: Connection, catalogue: Catalogue) -> None:
        self._redis, self._catalogue = connection, catalogue

    def claim(self, code: str, language: str, holdouts: Mapping[str, str], job_id: str) -> str:
        """Note that a job is about to run a program on hold-outs. Returns which job did so before; empty: none.

        The same job may claim again until it has a result.
        """
        for name, holdout in holdouts.items():
            if span := self._spans(name).get(holdout):
                self._redis.call("hset", self._redis.keys("holdouts", name), holdout, f"{span.first} {span.last}")
        return as_text(self._redis.run("promote", essence(code, language), job_id, *self._alike(holdouts)))

    def note(self, report: Report) -> None:
        """Keep what came of a promoted run; the first word counts."""
        if report.promotion is None or report.outcome in (*UNSPENT, Outcome.REJECTED):
            return
        result = report.outcome.value.encode() + b" " + encode(report.promotion)
        for holdout in report.promotion.holdouts.values():
            self._redis.call("hsetnx", self._at(holdout), f"{report.job_id}:result", result)

    def find(self, code: str, language: str, holdouts: Mapping[str, str]) -> Promoted | None:
        """The earlier promotion of a program on any of these hold-outs, or None."""
        alike = self._alike(holdouts)
        claimed = self._first(alike, essence(code, language))
        if not claimed:
            return None
        job_id = as_text(claimed).partition(" ")[0]
        outcome, _, document = self._first(alike, f"{job_id}:result").partition(b" ")
        return Promoted(job_id, as_text(outcome), readable(Promotion, document))

    def count(self, holdouts: Mapping[str, str]) -> int:
        """Programs that were promoted on the most used of these hold-outs."""
        return max(self._programs(self._alike({name: holdout})) for name, holdout in holdouts.items())

    def _programs(self, alike: Iterable[str]) -> int:
        known = self._redis.pipeline([("hkeys", self._at(one)) for one in alike])
        return len({program for programs in known for program in programs if b":" not in program})

    def _first(self, holdouts: Iterable[str], field: str) -> bytes:
        found = self._redis.pipeline([("hget", self._at(one), field) for one in holdouts])
        return next((one for one in found if one), b"")

    def _alike(self, holdouts: Mapping[str, str]) -> list[str]:
        """These hold-outs and those of the same datasets that have bars in common with them."""
        found = set(holdouts.values())
        for name, holdout in holdouts.items():
            spans = self._spans(name)
            if own := spans.get(holdout):
                found |= {other for other, span in spans.items() if span.meets(own)}
        return sorted(found)

    def _spans(self, name: str) -> dict[str, Span]:
        """When the bars of each hold-out of a dataset are, of those that were promoted on before and of those known."""
        found: dict[str, Span] = {}
        for holdout, stored in self._redis.call("hgetall", self._redis.keys("holdouts", name)).items():
            first, _, last = stored.partition(b" ")
            if first.lstrip(b"-").isdigit() and last.lstrip(b"-").isdigit():
                found[as_text(holdout)] = Span(int(first), int(last))
        for one in self._held_out(name):
            span = Span.of(one)
            found[one.sha256] = span.joined(found.get(one.sha256, span))
        return found

    def _held_out(self, name: str) -> list[HoldOut]:
        try:
            return [one.holdout for one in self._catalogue.versions(name) if one.holdout]
        except NotFound:
            return []

    def _at(self, holdout: str) -> str:
        return self._redis.keys("promotions", holdout)
