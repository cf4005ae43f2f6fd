"""The jobs of a round: each has a result of its own, so that a report that is another job's is seen."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from windtunnel.contract import Isolation, Job, Limits, Outcome, Report

MARKER = "not-to-be-seen-1f2e3d"
"""In every program; it may be found where programs are stored, and nowhere else."""
LIMITS = Limits(timeout_s=40, memory_mb=128, processes=24)
EMITS = f"text = '{MARKER}'\nemit(value=params['i'])"
SLOW = f"text = '{MARKER}'\nimport time\ntime.sleep(1.5)\nemit(value=params['i'])"
FAILS = f"text = '{MARKER}'\nraise ValueError('job %d' % params['i'])"
REJECTED = f"text = '{MARKER}'\nimport os\nos.system('true')"
ENDLESS = f"text = '{MARKER}'\nimport time\ntime.sleep(35)"


@dataclass(frozen=True)
class Planned:
    """A job, and how it has to end."""

    job: Job
    outcome: Outcome

    def wrong(self, report: Report) -> str:
        """What is not as it has to be in a report; empty if all is."""
        number = self.job.params["i"]
        values = report.execution.values if report.execution else {}
        error = report.execution.error if report.execution else None
        found = [
            f"ended as {report.outcome} instead of {self.outcome} ({report.message})"
            if report.outcome is not self.outcome
            else "",
            f"has the values {values}" if self.outcome is Outcome.SUCCEEDED and values != {"value": number} else "",
            f"has the error {error}"
            if self.outcome is Outcome.FAILED and (error is None or error.message != f"job {number}")
            else "",
            f"has the parameters {report.params}" if report.params != self.job.params else "",
            f"ran for all that it is rejected, on {report.execution.host}"
            if self.outcome is Outcome.REJECTED and report.execution
            else "",
        ]
        return "; ".join(part for part in found if part)


@dataclass(frozen=True)
class PlannedBatch:
    """A batch of a round. `cancelled`: the harness cancels each of its jobs while it waits or runs."""

    name: str
    isolation: Isolation
    jobs: tuple[Planned, ...]
    cancelled: bool = False


KINDS = {EMITS: Outcome.SUCCEEDED, SLOW: Outcome.SUCCEEDED, FAILS: Outcome.FAILED, REJECTED: Outcome.REJECTED}
SHARES = (64, 10, 13, 13)


def plan(seed: int, jobs: int) -> list[PlannedBatch]:
    """The batches of a round: the same ones for the same seed. About a quarter of the jobs get a container each."""
    cancelled = max(4, jobs // 25)
    containers = (jobs - cancelled) // 4
    return [
        PlannedBatch("containers", Isolation.CONTAINER, _mixed(random.Random(seed), containers)),
        PlannedBatch("cells", Isolation.CELL, _mixed(random.Random(seed + 1), jobs - cancelled - containers)),
        PlannedBatch("cancelled", Isolation.CONTAINER, _endless(cancelled), cancelled=True),
    ]


def _mixed(rng: random.Random, count: int) -> tuple[Planned, ...]:
    codes: Sequence[str] = rng.choices(list(KINDS), SHARES, k=count)
    return tuple(Planned(_job(code, i, rng.choice((5, 5, 5, 0, 9))), KINDS[code]) for i, code in enumerate(codes))


def _endless(count: int) -> tuple[Planned, ...]:
    return tuple(Planned(_job(ENDLESS, i, 4), Outcome.CANCELLED) for i in range(count))


def _job(code: str, number: int, priority: int) -> Job:
    return Job(code=code, params={"i": number}, limits=LIMITS, priority=priority)
