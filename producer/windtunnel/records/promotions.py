"""Which programs were run on which hold-outs, and what came of it. Append-only: entries never change."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from windtunnel.contract import Outcome, Promotion, Report
from windtunnel.records.codec import encode, readable
from windtunnel.records.connection import Connection

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
    """Hold-out → programs."""

    def __init__(self, connection: Connection) -> None:
        self._redis = connection

    def claim(self, code_sha256: str, holdouts: Collection[str], job_id: str) -> str:
        """Note that a job is about to run a program on hold-outs. Returns which job did so before; empty: none.

        The same job may claim again until it has a result.
        """
        return str(self._redis.run("promote", code_sha256, job_id, *sorted(holdouts)).decode())

    def note(self, report: Report) -> None:
        """Keep what came of a promoted run; the first word counts."""
        if report.promotion is None or report.outcome in (*UNSPENT, Outcome.REJECTED):
            return
        result = report.outcome.value.encode() + b" " + encode(report.promotion)
        for holdout in report.promotion.holdouts.values():
            self._redis.call("hsetnx", self._at(holdout), f"{report.code_sha256}:result", result)

    def find(self, code_sha256: str, holdouts: Collection[str]) -> Promoted | None:
        """The earlier promotion of a program on any of these hold-outs, or None."""
        names = [code_sha256, f"{code_sha256}:result"]
        for claimed, result in self._redis.pipeline([("hmget", self._at(one), names) for one in sorted(holdouts)]):
            if claimed:
                outcome, _, document = (result or b"").partition(b" ")
                return Promoted(claimed.decode().split()[0], outcome.decode(), readable(Promotion, document))
        return None

    def count(self, holdouts: Collection[str]) -> int:
        """Programs that were promoted on the most used of these hold-outs."""
        known = self._redis.pipeline([("hkeys", self._at(one)) for one in holdouts])
        return max(sum(b":" not in program for program in programs) for programs in known)

    def _at(self, holdout: str) -> str:
        return self._redis.keys("promotions", holdout)
