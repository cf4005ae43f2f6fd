"""Lists of a batch's jobs, without what their programs printed; and what the whole queue holds."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from windtunnel.contract import JobState, JobSummary, Outcome, OwnerUse, QueueStats, Waiting
from windtunnel.errors import FieldProblem, InvalidInput, NotFound, UnreadableRecord
from windtunnel.records.codec import as_text, whole
from windtunnel.records.connection import Connection
from windtunnel.records.reading import spec_of, status_of

log = logging.getLogger(__name__)
READ_AT_ONCE = 2000
OWNERS_SHOWN = 100
LANES_LOOKED_AT = 20_000
ORDERS = (
    "name",
    "state",
    "outcome",
    "attempt",
    "duration_s",
    "memory_mb_peak",
    "sharpe",
    "total_return",
    "max_drawdown",
)
"""What a list can be ordered by; with a hyphen in front, from the highest down."""


class Listing:
    """The side of the records that lists and counts."""

    def __init__(self, connection: Connection) -> None:
        self._redis = connection

    def summaries(self, job_ids: Sequence[str]) -> Iterator[JobSummary]:
        """The summaries of these jobs, in their order, without those whose records are gone or cannot be read."""
        names = ["state", "attempt", "outcome", "spec", "figures"]
        for start in range(0, len(job_ids), READ_AT_ONCE):
            part = job_ids[start : start + READ_AT_ONCE]
            answers = self._redis.pipeline([("hmget", self._redis.keys.job(one), names) for one in part])
            for one, fields in zip(part, answers, strict=True):
                try:
                    yield _summary(one, fields)
                except NotFound:
                    continue  # its lifetime is over, or somebody removed it
                except UnreadableRecord as error:
                    log.warning("action=unreadable-job job=%s reason=%s", one, error)

    def stats(self) -> QueueStats:
        """What the whole queue holds, in one look."""
        found: dict[str, Any] = json.loads(as_text(self._redis.run("stats", LANES_LOOKED_AT, OWNERS_SHOWN)))
        waiting: Counter[tuple[str, int]] = Counter()
        for owner, priority, jobs in found["waiting"] or ():
            waiting[owner, priority] += jobs
        queues = dict(found["queues"] or {})
        return QueueStats(
            ready=sum(jobs for queue, jobs in queues.items() if queue.startswith("execute.")),
            running=found["running"],
            waiting=tuple(
                Waiting(owner=owner, priority=priority, jobs=jobs)
                for (owner, priority), jobs in sorted(waiting.items(), key=lambda one: (one[0][1], one[0][0]))
            ),
            owners=tuple(
                OwnerUse(owner=owner, running=running, slot_seconds=round(seconds, 3))
                for owner, running, seconds in found["owners"] or ()
            ),
            ending=found["ending"],
            following=found["following"],
            unfinished=found["unfinished"],
            oldest_s=None if found["oldest_ms"] < 0 else found["oldest_ms"] / 1000,
            outcomes={
                outcome: jobs for outcome in Outcome if (jobs := dict(found["outcomes"] or {}).get(outcome.value))
            },
        )


def ordered(found: list[JobSummary], order_by: str | None) -> list[JobSummary]:
    """The same jobs in another order; those without the figure come last. None: the order of submission."""
    if order_by is None:
        return found
    name = str(order_by).removeprefix("-")
    if name not in ORDERS:
        raise InvalidInput([FieldProblem("order_by", f"{order_by!r} is not known; there are: {', '.join(ORDERS)}")])
    having = [one for one in found if getattr(one, name) is not None]
    having.sort(key=lambda one: getattr(one, name), reverse=order_by.startswith("-"))
    return having + [one for one in found if getattr(one, name) is None]


def _summary(job_id: str, fields: Sequence[bytes | None]) -> JobSummary:
    state, attempt, outcome, stored_spec, figures = fields
    spec = spec_of(stored_spec)
    status = status_of(job_id, state, whole(attempt), outcome, spec)
    known = figures if status.state is JobState.FINISHED else None
    shown: dict[str, Any] = {**dict(status), "params": spec.params, "labels": spec.labels}
    try:
        return JobSummary(**shown, **(json.loads(known) if known else {}))
    except (InvalidInput, ValueError, TypeError, RecursionError):
        return JobSummary(**shown)  # the figures are damaged
