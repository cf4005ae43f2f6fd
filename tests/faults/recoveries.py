"""How long a fault kept jobs from going on, read from their histories."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.table import Table
from tests.faults.injections import Struck

from windtunnel.client import Client
from windtunnel.errors import WindtunnelError


def clock(at: float) -> str:
    return time.strftime("%H:%M:%S", time.gmtime(at)) + f"{at % 1:.3f}"[1:]


@dataclass(frozen=True)
class Recovery:
    """The longest that a job waited of those that a fault concerned, until something happened to it again."""

    fault: Struck
    job: str
    waited_s: float
    meanwhile: tuple[str, ...]
    """Other faults that were done while it waited."""

    def __str__(self) -> str:
        return (
            f"{self.fault.kind} at {clock(self.fault.at)}: {self.job} waited {self.waited_s:.1f} s; meanwhile: "
            f"{', '.join(self.meanwhile) or 'nothing'}"
        )


def recoveries(struck: Sequence[Struck], client: Client) -> list[Recovery]:
    """How long each fault kept the jobs that it concerned from going on, by their histories."""
    found = []
    for fault in struck:
        waits = {job: wait for job in fault.jobs if (wait := _next_transition(client, job, fault.at)) is not None}
        if waits:
            job = max(waits, key=waits.__getitem__)
            until = fault.at + waits[job]
            others = (f"{one.kind} {one.detail}".strip() for one in struck if fault.at < one.at < until)
            found.append(Recovery(fault, job, waits[job], tuple(others)))
    return found


def _next_transition(client: Client, job: str, at: float) -> float | None:
    try:
        later = [line.at.timestamp() - at for line in client.history(job) if line.at.timestamp() > at]
    except WindtunnelError:
        return None
    return min(later, default=None)


def table(struck: Iterable[Struck], longest_first: Iterable[Recovery]) -> Table:
    """The longest recovery by kind of fault."""
    times = Counter(one.kind for one in struck)
    longest: dict[str, float] = {}
    for recovery in longest_first:
        longest.setdefault(recovery.fault.kind, recovery.waited_s)
    result = Table(title="Faults, and the longest time until a job they concerned went on")
    for heading in ("fault", "times", "longest"):
        result.add_column(heading, justify="left" if heading == "fault" else "right")
    for kind in sorted(times):
        result.add_row(kind, str(times[kind]), f"{longest[kind]:.1f} s" if kind in longest else "")
    return result
