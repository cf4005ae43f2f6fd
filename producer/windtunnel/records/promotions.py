"""Which programs were run on which hold-outs, and what came of it. Append-only: entries never change."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from windtunnel.contract import Outcome, Promotion, Report
from windtunnel.records.codec import encode, readable
from windtunnel.records.connection import Connection
from windtunnel.records.essence import essence

UNSPENT = (Outcome.CANCELLED, Outcome.LOST, Outcome.INFRASTRUCTURE_ERROR)
"""A promoted run that ended so has told nothing of the hold-out, and the same job may be retried."""


@dataclass(frozen=True)
class Promoted:
    """A program that was promoted before."""

    job_id: str
    outcome: str = ""
    """Empty where the run has not ended."""
    promotion: Promotion | None = None


class Promotions:
    """Hold-out → programs, each by its `essence`, so that another layout or comment makes no other program."""

    def __init__(self, connection: Connection) -> None:
        self._redis = connection

    def claim(self, code: str, language: str, holdouts: Collection[str], job_id: str) -> str:
        """Note that a job is about to run a program on hold-outs. Returns which job did so before; empty: none.

        The same job may claim again until it has a result.
        """
        return str(self._redis.run("promote", essence(code, language), job_id, *sorted(holdouts)).decode())

    def note(self, report: Report) -> None:
        """Keep what came of a promoted run; the first word counts."""
        if report.promotion is None or report.outcome in (*UNSPENT, Outcome.REJECTED):
            return
        result = report.outcome.value.encode() + b" " + encode(report.promotion)
        for holdout in report.promotion.holdouts.values():
            self._redis.call("hsetnx", self._at(holdout), f"{report.job_id}:result", result)

    def find(self, code: str, language: str, holdouts: Collection[str]) -> Promoted | None:
        """The earlier promotion of a program on any of these hold-outs, or None."""
        program = essence(code, language)
        for holdout in sorted(holdouts):
            claimed = self._redis.call("hget", self._at(holdout), program)
            if claimed:
                job_id = claimed.decode().split()[0]
                result = self._redis.call("hget", self._at(holdout), f"{job_id}:result") or b""
                outcome, _, document = result.partition(b" ")
                return Promoted(job_id, outcome.decode(), readable(Promotion, document))
        return None

    def count(self, holdouts: Collection[str]) -> int:
        """Programs that were promoted on the most used of these hold-outs."""
        known = self._redis.pipeline([("hkeys", self._at(one)) for one in holdouts])
        return max(sum(b":" not in program for program in programs) for programs in known)

    def _at(self, holdout: str) -> str:
        return self._redis.keys("promotions", holdout)
